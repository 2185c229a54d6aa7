"""What the tests of the queue, the offers and the log stand on: people and a conversation."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, insert

from accounts.account import Account
from store.enums import Role
from store.tables import accounts, conversations, messages
from tests.triage.talk import Extracted, assistant, customer, facts
from triage.audit import log
from triage.cases import queue
from triage.cases.case import Case
from triage.compensation.remedies import (
    load_remedies,
)
from triage.policy.policy import load_policy
from triage.training.data.dialogues import CALM_SETS, TUNING

# How long an example takes says something about the machine, not about the triage.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
POLICY = load_policy()
REMEDIES = load_remedies()


@dataclass(frozen=True)
class People:
    """Two agents and two supervisors."""

    anna: Account
    bo: Account
    sam: Account
    tess: Account


@pytest.fixture
def people(engine: Engine) -> People:
    roles = {
        "anna": Role.AGENT,
        "bo": Role.AGENT,
        "sam": Role.SUPERVISOR,
        "tess": Role.SUPERVISOR,
    }
    with engine.begin() as connection:
        return People(*(account(connection, name, role) for name, role in roles.items()))


def account(connection: Connection, name: str, role: Role) -> Account:
    """An account without a password that could be used to sign in."""
    email = f"{name}@shop.example"
    query = insert(accounts).values(
        email=email, name=name.title(), password_hash="-", role=role, created_at=NOW
    )
    number = connection.execute(query.returning(accounts.c.id)).scalar_one()
    return Account(number, email, name.title(), role)


def talk(connection: Connection, name: str, identity: dict[str, Any] | None = None) -> str:
    """A conversation with one customer message."""
    connection.execute(
        insert(conversations).values(
            id=name,
            token_hash="-",
            identity=identity,
            state="assistant",
            created_at=NOW,
            updated_at=NOW,
        )
    )
    connection.execute(
        insert(messages).values(
            conversation_id=name,
            seq=1,
            id=f"{name}-1",
            episode=1,
            sender="customer",
            text="I want to talk to a person",
            sources=[],
            choices=[],
            at=NOW,
        )
    )
    return name


def wish(order: dict[str, Any] | None = None) -> Extracted:
    """The facts of a wish for a person (about `order`)."""
    return facts(customer("I want to talk to a person"), assistant(order=order))


def log_decision(connection: Connection, conversation: str, known: Extracted | None = None) -> int:
    """Log the decision on the conversation's message, and return its id."""
    known = known or wish()
    return log.append(
        connection,
        conversation=conversation,
        episode=1,
        seq=1,
        decision=POLICY.evaluate(known),
        decision_input=known.decision_input,
        policy_hash=POLICY.hash,
        model_hash="0" * 64,
        now=NOW,
    )


OpenCase = Callable[..., Case]


@pytest.fixture
def open_case(engine: Engine) -> OpenCase:
    """Opens cases, each in a transaction and, unless told, a conversation of its own."""

    def opened(
        name: str = "one",
        known: Extracted | None = None,
        now: datetime = NOW,
        identity: dict[str, Any] | None = None,
    ) -> Case:
        known = known or wish()
        decision = POLICY.evaluate(known)
        assert decision.priority is not None
        with engine.begin() as connection:
            conversation = talk(connection, name, identity)
            return queue.open_case(
                connection,
                conversation=conversation,
                episode=1,
                customer=(identity or {}).get("email"),
                decision=decision,
                suggestion=REMEDIES.suggest(known),
                deadlines=POLICY.deadlines(decision.priority, now),
                opened_seq=1,
                decision_id=log_decision(connection, conversation, known),
                now=now,
            )

    return opened


@pytest.fixture
def dialogue_sets(tmp_path: Path) -> Path:
    """A folder of data sets with two dialogues of each corpus."""
    folder = tmp_path / "dialogues"
    folder.mkdir()
    for corpus in (*CALM_SETS, "star"):
        rows = [
            {
                "id": f"{corpus}-{number}",
                "language": "en",
                "messages": [
                    {"sender": "customer", "text": "a table for two"},
                    {"sender": "assistant", "text": "When?"},
                    {"sender": "customer", "text": "at eight"},
                ],
            }
            for number in range(4)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{corpus}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def dialogue_labels(tmp_path: Path) -> Path:
    """Labels of one of these dialogues, on which the readers disagree."""
    reader = {"service": [2], "matter": [], "at": 2, "why": "unrecovered"}
    calm = {"service": [], "matter": [1], "at": None, "why": None}
    row = {"id": "star-1", "set": "star", "language": "en", "split": TUNING, "turns": 2}
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(row | {"readers": [reader, calm]}) + "\n", encoding="utf-8")
    return path
