"""Every decision comes out the same from its stored input, whatever happened around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from assistant.reply import Answer, Reply
from conversation import repository
from conversation.message_audit import changed_messages
from conversation.turn_commit import RulesInForce, TurnAnalysis, TurnOutcome, commit_turn
from store.engine import reading
from store.enums import ConversationState, Sender, Trouble
from store.tables import decisions, messages
from triage.analytics import history
from triage.analytics.backtest import backtest
from triage.analytics.history import Episode
from triage.audit import log
from triage.audit.hash_chain import Fault, seal
from triage.audit.log import LogEntry
from triage.audit.reproduction import Reproduction, reproduce
from triage.compensation.remedies import load_remedies
from triage.emotion.attribution import WordAttribution
from triage.message import Message, Reading
from triage.policy.policy import POLICY as SHIPPED
from triage.policy.policy import load_policy

POLICY, REMEDIES = load_policy(), load_remedies()
RULES = RulesInForce(POLICY, REMEDIES, "0" * 64)
BEGAN = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANSWER = Reply("Within 30 days, from the order's page.", answered=True)
MISS = Reply("I do not know that, sorry.", answered=False)
ORDER = {"number": "HP-10235", "value": "84.00", "currency": "GBP", "delivery_paid": "3.95"}


def read(negative: float = 0.05) -> Reading:
    return Reading("en", {"anger": negative, "gratitude": 0.0}, negative)


@dataclass
class Chat:
    """One conversation, written into the record as the product does it."""

    engine: Engine

    def __post_init__(self) -> None:
        self._minutes = count()
        with self.engine.begin() as connection:
            self.name, _ = repository.start(connection, None, {"email": "ann@example.com"}, BEGAN)

    def now(self) -> datetime:
        return BEGAN + timedelta(minutes=next(self._minutes))

    def write(self, text: str) -> Message:
        with self.engine.begin() as connection:
            chat = repository.find(connection, self.name)
            name = f"{self.name[:20]}-{next(self._minutes)}"
            return repository.accept(connection, chat, name, text, self.now())

    def commit_turn(self, message: Message, seen: TurnAnalysis) -> TurnOutcome:
        with self.engine.begin() as connection:
            chat = repository.find(connection, self.name)
            if chat.episode != message.episode:
                repository.move_to_episode(connection, message, chat.episode)
                message = replace(message, episode=chat.episode)
            episode = repository.read(connection, self.name, episode=chat.episode)
            return commit_turn(connection, RULES, episode, seen, message, self.now())

    def say(self, text: str, *replies: Reply, negative: float = 0.05) -> TurnOutcome:
        answer = Answer(replies, "faq", 0.9)
        return self.commit_turn(self.write(text), TurnAnalysis("en", read(negative), answer))

    def state(self, state: ConversationState, *, new_episode: bool = False) -> None:
        with self.engine.begin() as connection:
            chat = repository.find(connection, self.name)
            repository.add(connection, chat, Sender.AGENT, "Hello, this is Alex.", self.now())
            repository.set_state(connection, chat, state, new_episode=new_episode)


@pytest.fixture
def chat(engine: Engine) -> Chat:
    return Chat(engine)


def entries(engine: Engine) -> list[LogEntry]:
    with reading(engine) as connection:
        return log.entries(connection)


def again(engine: Engine) -> Reproduction:
    with reading(engine) as connection:
        return reproduce(connection, {POLICY.hash: POLICY})


def exact(engine: Engine) -> int:
    found = again(engine)
    assert (found.faults, found.approximate, found.other_policy, found.failed) == ((), 0, 0, 0)
    return found.exact


def test_a_reply_that_was_never_said_is_kept_with_the_decision(chat: Chat) -> None:
    for question in ("Do you tune pianos?", "Can you shoe horses?"):
        chat.say(question, MISS)
    outcome = chat.say("Do you repair clocks?", replace(MISS, order=ORDER))
    assert outcome.handover is not None
    assert MISS.text not in [reply.text for reply in outcome.replies]
    assert entries(chat.engine)[-1].facts["misses"] == 3
    assert entries(chat.engine)[-1].facts["order_value"] == "84.00"
    assert exact(chat.engine) == 3


def test_what_was_said_while_waiting_to_a_person_and_in_the_next_episode(chat: Chat) -> None:
    chat.say("Let me talk to a person", ANSWER)
    chat.say("Hello?? This is a disgrace!", ANSWER, negative=0.95)
    chat.state(ConversationState.PERSON)
    chat.say("Thank you, Alex", ANSWER)
    chat.state(ConversationState.ASSISTANT, new_episode=True)
    chat.say("How do I return a rug?", ANSWER)
    found = entries(chat.engine)
    # What is said to a person is decided on as well: the case may become more urgent.
    assert [entry.facts["customer_turns"] for entry in found] == [1, 2, 3, 1]
    assert exact(chat.engine) == 4


def test_a_message_that_was_cut_off_and_answered_after_a_later_one(chat: Chat) -> None:
    cut_off = chat.write("Where is my parcel, for heaven's sake?")
    chat.say("How do I return a rug?", ANSWER)
    chat.commit_turn(cut_off, TurnAnalysis("en", read(0.9), None, Trouble.INTERRUPTED))
    first, second = entries(chat.engine)
    assert (first.facts["unread_turns"], second.facts["unread_turns"]) == (1, 0)
    assert (first.facts["trouble"], second.facts["trouble"]) == ("", Trouble.INTERRUPTED)
    assert exact(chat.engine) == 2


def test_a_message_that_crossed_the_end_of_its_case(chat: Chat) -> None:
    chat.say("Let me talk to a person", ANSWER)
    crossed = chat.write("One more thing: is the rug washable?")
    chat.state(ConversationState.ASSISTANT, new_episode=True)
    chat.say("And how long does delivery take?", ANSWER)
    chat.commit_turn(crossed, TurnAnalysis("en", read(), Answer((ANSWER,), "faq", 0.9)))
    assert [entry.facts["customer_turns"] for entry in entries(chat.engine)] == [1, 1, 2]
    assert exact(chat.engine) == 3


def test_every_failure_around_a_message(chat: Chat) -> None:
    chat.commit_turn(chat.write("Hello"), TurnAnalysis("en", None, Answer((ANSWER,), "greet", 0.9)))
    chat.commit_turn(chat.write("Hello?"), TurnAnalysis("en", read(), None, Trouble.ASSISTANT_DOWN))
    assert exact(chat.engine) == 2


def test_a_message_that_was_changed_later_is_named(chat: Chat) -> None:
    chat.say("Let me talk to a person", ANSWER)
    chat.say("Hello?", ANSWER)
    with chat.engine.begin() as connection:
        assert list(changed_messages(connection)) == []
        connection.execute(update(messages).where(messages.c.seq == 1).values(text="Hello"))
        told = list(changed_messages(connection))
    assert told == [Fault(decision, "message 1 was changed after it") for decision in (1, 2)]


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("priority", 1, "the priority would be 3, not 1"),
        ("senior", True, "the senior would be False, not True"),
        ("wording", "safety", "the wording would be 'usual', not 'safety'"),
        ("facts", {"misses": "two"}, "the fact misses would be 0, not 'two'"),
        ("reasons", [], "the reasons would be [{"),
        ("input", {"version": 99}, "its input has the unknown version 99"),
        ("input", "nonsense", "its input cannot be read"),
        ("input", {"version": 1, "messages": [], "proposed": []}, "the action would be"),
    ],
)
def test_everything_that_a_decision_holds_is_compared(
    chat: Chat, column: str, value: Any, what: str
) -> None:
    chat.say("Let me talk to a person", ANSWER)
    with chat.engine.begin() as connection:
        connection.execute(update(decisions).values({column: value}))
    assert any(what in fault.what for fault in again(chat.engine).faults)


def test_a_fact_that_was_added_since_changes_nothing(chat: Chat) -> None:
    chat.say("Let me talk to a person", ANSWER)
    with chat.engine.begin() as connection:
        facts = connection.scalar(select(decisions.c.facts)) or {}
        older = {name: value for name, value in facts.items() if name != "misses"}
        values = {"facts": {**older, "gone_since": 3}, "features_version": "older"}
        connection.execute(update(decisions).values(values))
        row = dict(connection.execute(decisions.select()).one()._mapping)
        connection.execute(update(decisions).values(hash=seal(row)))
    assert exact(chat.engine) == 1
    with reading(chat.engine) as connection:
        assert log.verify(connection) == []
        assert log.latest_facts(connection, chat.name, 1)["misses"] == 0


def test_the_stored_inputs_of_an_episode_grow_in_proportion_to_its_length(chat: Chat) -> None:
    for number in range(30):
        chat.say(f"What about number {number}?", ANSWER)
    with reading(chat.engine) as connection:
        stored = connection.scalars(select(decisions.c.input).order_by(decisions.c.id)).all()
    assert max(len(each["messages"]) for each in stored) <= 4
    assert exact(chat.engine) == 30


def test_decisions_of_another_policy_are_counted_and_not_judged(chat: Chat) -> None:
    chat.say("Let me talk to a person", ANSWER)
    with reading(chat.engine) as connection:
        found = reproduce(connection, {})
    assert (found.exact, found.other_policy) == (0, 1)


@dataclass
class Furious:
    """A model to which everything sounds furious."""

    fingerprint: str = "f" * 64

    def read(self, text: str, before: Sequence[Message] | None = None) -> Reading:
        return Reading("en", {"anger": 0.97}, 0.97)

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]] | None = None
    ) -> list[Reading]:
        return [self.read(text) for text in texts]

    def attribute(self, text: str, limit: int = 3) -> list[WordAttribution]:
        return []


def episodes(chat: Chat, since: datetime | None = None) -> list[Episode]:
    with reading(chat.engine) as connection:
        return list(history.episodes(connection, since, Furious()))


def test_another_model_reads_every_message_anew(chat: Chat) -> None:
    for question in ("How do I return a rug?", "And a lamp?", "Is delivery free of charge?"):
        chat.say(question, ANSWER)
    found = backtest(episodes(chat), POLICY, REMEDIES)
    (move,) = found.conversations
    assert move.after is not None
    assert (move.kind, move.after.turn, move.known) == ("newly", 2, True)
    assert episodes(chat, BEGAN + timedelta(days=1)) == []


def test_a_message_that_could_not_be_read_stays_unread(chat: Chat) -> None:
    chat.commit_turn(
        chat.write("Hello"),
        TurnAnalysis("en", None, Answer((ANSWER,), "greet", 0.9), Trouble.EMOTION_DOWN),
    )
    ((moment,),) = episodes(chat)
    assert moment.facts is not None
    assert (moment.facts["unread_turns"], moment.facts["negative_now"]) == (1, 0.0)


def test_another_policy_and_another_model_together(chat: Chat) -> None:
    chat.say("How do I return a rug?", ANSWER)
    text = SHIPPED.read_text(encoding="utf-8").replace(
        "when: displeased_now && displeased_turns == 1\n    then: {action: watch}",
        "when: displeased_now\n    then: {action: hand_over, priority: 4}",
    )
    assert backtest(episodes(chat), load_policy(text), REMEDIES).counts["newly"] == 1
    assert backtest(episodes(chat), POLICY, REMEDIES).counts["newly"] == 0
