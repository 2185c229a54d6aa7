"""Logs whose truth is known: decisions on simulated facts, and supervisors who judge them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert

from store.tables import accounts, conversations, decisions, messages, verdicts
from tests.triage.conftest import NOW
from triage.facts import Facts
from triage.policy import Policy

Random = np.random.Generator
Judges = Callable[[Facts, Random], bool]


def some_facts(random: Random) -> Facts:
    """A customer who has been displeased for a while, more or less."""
    level = round(float(random.uniform(0, 1)), 3)
    return Facts.from_json(
        {
            "negative_now": level,
            "negative_recent": level,
            "displeased_now": True,
            "mood_turns": 3,
            "displeased_turns": 1,
            "customer_turns": 3,
        }
    )


def fill(
    connection: Connection,
    policy: Policy,
    needs: Judges,
    random: Random,
    *,
    count: int,
    judged: float = 1.0,
    facts: Callable[[Random], Facts] = some_facts,
    at: datetime = NOW,
) -> None:
    """Log `count` decisions of `policy`; supervisors who know the truth judge a part of them."""
    account = {"email": "s@x.example", "name": "S", "password_hash": "-", "role": "supervisor"}
    connection.execute(insert(accounts).values(id=900, created_at=at, **account))
    rows: dict[str, list[Mapping[str, Any]]] = {"c": [], "m": [], "d": [], "v": []}
    for number in range(1, count + 1):
        known, name = facts(random), f"simulated-{number}"
        when = at - timedelta(minutes=number)
        decision = policy.decide(known)
        language = "zh" if number % 3 == 0 else "en"
        rows["c"].append(
            {
                "id": name,
                "token_hash": "-",
                "language": language,
                "state": "assistant",
                "created_at": when,
                "updated_at": when,
            }
        )
        rows["m"].append(
            {
                "conversation_id": name,
                "seq": 1,
                "id": name,
                "episode": 1,
                "sender": "customer",
                "text": "Hello",
                "sources": [],
                "choices": [],
                "at": when,
            }
        )
        rows["d"].append(
            {
                "id": number,
                "at": when,
                "conversation_id": name,
                "seq": 1,
                "action": decision.action,
                "priority": decision.priority,
                "rules": [reason.rule for reason in decision.reasons],
                "reasons": [],
                "facts": known.as_json(),
                "policy_hash": policy.hash,
                "model_hash": "m",
                "previous_hash": "0",
                "hash": str(number),
            }
        )
        if random.uniform() < judged:
            rows["v"].append(
                {
                    "decision_id": number,
                    "verdict": verdict(decision.action, needs(known, random)),
                    "note": "",
                    "account_id": 900,
                    "at": when,
                }
            )
    for table, key in ((conversations, "c"), (messages, "m"), (decisions, "d"), (verdicts, "v")):
        if rows[key]:
            connection.execute(insert(table), rows[key])


def verdict(action: str, needed: bool) -> str:
    """What somebody says who knows whether a person was needed."""
    if needed:
        return "right" if action == "hand_over" else "missed"
    return "not_needed" if action == "hand_over" else "right"
