"""Questions without a helpful answer are found in stored conversations."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from conversation import repository
from conversation.unanswered_questions import NOT_HELPFUL, unanswered_questions
from store.enums import Sender
from triage.audit import log
from triage.features.facts import FACTS, Facts
from triage.message import Message, Reading
from triage.policy.decide import DecisionInput
from triage.policy.policy import load_policy

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class Talk:
    """One conversation to be written."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.id, _ = repository.start(connection, "en", None, NOW)

    def ask(self, text: str, *, answered: bool | None, **columns: Any) -> Message:
        """A question and the assistant's reply."""
        chat = repository.find(self.connection, self.id)
        question = repository.add(
            self.connection, chat, Sender.CUSTOMER, text, NOW, handled_at=NOW, **columns
        )
        repository.add(
            self.connection,
            chat,
            Sender.ASSISTANT,
            "…",
            NOW,
            in_reply_to=question.seq,
            answered=answered,
        )
        return question

    def hand_over(self, question: Message, **known: bool) -> None:
        """Log the handover after a question."""
        values = {name: fact.default for name, fact in FACTS.items()} | known
        facts, policy = Facts(values, {}), load_policy()
        log.append(
            self.connection,
            conversation=self.id,
            episode=1,
            seq=question.seq,
            decision=policy.evaluate(facts),
            decision_input=DecisionInput((question,)),
            policy_hash=policy.hash,
            model_hash="-",
            now=NOW,
        )
        repository.finish_turn(
            self.connection, replace(question, handover={"case": 1, "position": 1})
        )


def found(connection: Connection) -> list[tuple[str, bool]]:
    return [(each.text, each.handed_over) for each in unanswered_questions(connection)]


def test_misses_are_found_with_how_negative_the_next_message_was(connection: Connection) -> None:
    talk = Talk(connection)
    talk.ask("do you sell oak?", answered=False)
    talk.ask("where is my parcel?", answered=True, reading=Reading("en", {}, 0.7).as_json())
    (question,) = unanswered_questions(connection)
    assert (question.text, question.handed_over, question.after) == ("do you sell oak?", False, 0.7)
    assert unanswered_questions(connection, NOW + timedelta(seconds=1)) == []


def test_an_answer_that_did_not_help_counts_as_none(connection: Connection) -> None:
    talk = Talk(connection)
    talk.ask("what about clearance lamps?", answered=True)
    talk.ask("that did not help", answered=False, intent=NOT_HELPFUL)
    assert found(connection) == [("what about clearance lamps?", False)]


def test_a_request_for_a_person_is_no_question_but_the_one_before_it_is(
    connection: Connection,
) -> None:
    talk = Talk(connection)
    talk.ask("how long is the warranty?", answered=True)
    talk.ask("are you a robot?", answered=None)
    talk.hand_over(talk.ask("get me a person", answered=None), wants_person=True)
    assert found(connection) == [("how long is the warranty?", True)]


def test_the_last_question_before_another_handover_is_found(connection: Connection) -> None:
    talk = Talk(connection)
    talk.ask("how long is the warranty?", answered=True)
    talk.hand_over(talk.ask("my lawyer will hear of this", answered=True), threat=True)
    assert found(connection) == [("my lawyer will hear of this", True)]
