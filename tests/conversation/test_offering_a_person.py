"""A person is offered by the policy alone, through the transaction that ends a turn."""

from itertools import count

import pytest
from sqlalchemy import Engine

from assistant.reply import PERSON, Answer, Reply
from conversation import repository
from conversation.replies import offered
from conversation.turn_commit import RulesInForce, TurnAnalysis, commit_turn
from store.engine import reading
from tests.assistant.wordings import replace_texts
from tests.conversation.test_reproduction import BEGAN, RULES, read
from triage.message import Message

MISS = Reply("I do not know that, sorry.", answered=False, key="miss")
ANSWER = Reply("Within 30 days.", answered=True, key="answer")
HELLO = Reply("Hello!", key="greet")


class Conversation:
    """One conversation; `turn` writes a message, whose answer is given."""

    def __init__(self, engine: Engine, rules: RulesInForce = RULES) -> None:
        self.engine, self.rules = engine, rules
        self._numbers = count()
        with engine.begin() as connection:
            self.id, _ = repository.start(connection, None, None, BEGAN)

    def turn(self, text: str, *replies: Reply, intent: str = "faq") -> list[Message]:
        with self.engine.begin() as connection:
            chat = repository.find(connection, self.id)
            message_id = f"message-{next(self._numbers)}"
            message = repository.accept(connection, chat, message_id, text, BEGAN)
            episode = repository.read(connection, self.id)
            analysis = TurnAnalysis("en", read(), Answer(replies, intent, 0.9))
            outcome = commit_turn(connection, self.rules, episode, analysis, message, BEGAN)
            return list(outcome.replies)

    def episode(self) -> list[Message]:
        with reading(self.engine) as connection:
            return repository.read(connection, self.id)


@pytest.fixture
def conversation(engine: Engine) -> Conversation:
    return Conversation(engine)


def keys(replies: list[Message]) -> list[str | None]:
    return [reply.key for reply in replies]


@pytest.mark.parametrize("wording", ["as it is", "nonsense"])
def test_a_person_is_offered_after_two_misses_in_a_row(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch, wording: str
) -> None:
    if wording == "nonsense":
        replace_texts(monkeypatch)
    assert keys(conversation.turn("Do you tune pianos?", MISS)) == ["miss"]
    assert keys(conversation.turn("Can you shoe horses?", MISS)) == ["miss", "offer_person"]
    episode = conversation.episode()
    assert offered(episode, "yes").latest == (PERSON,)
    assert offered(episode, episode[-1].choices[0]["text"]).chosen == PERSON


def test_one_miss_offers_nobody(conversation: Conversation) -> None:
    conversation.turn("How long do I have to return it?", ANSWER)
    assert keys(conversation.turn("Can you shoe horses?", MISS)) == ["miss"]


def test_small_talk_does_not_end_the_row_of_misses(conversation: Conversation) -> None:
    conversation.turn("Do you tune pianos?", MISS)
    conversation.turn("hello", HELLO, intent="greet")
    assert keys(conversation.turn("Can you shoe horses?", MISS)) == ["miss", "offer_person"]


def test_the_stored_choices_have_ids_that_clients_do_not_see(conversation: Conversation) -> None:
    conversation.turn("Do you tune pianos?", MISS)
    *_, offer = conversation.turn("Can you shoe horses?", MISS)
    assert [choice["id"] for choice in offer.choices] == [PERSON]
    (choice,) = offer.as_json()["choices"]
    assert choice.keys() == {"title", "text"}
    assert "key" not in offer.as_json()
