"""Logs whose truth is known: decisions on simulated facts, and supervisors who judge them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table, insert

from store.tables import accounts, conversations, decisions, messages, verdicts
from triage.features.facts import NO_FACTS, Facts, features_version
from triage.policy.policy import Policy

Random = np.random.Generator
Needs = Callable[[Facts, Random], bool]
EMOTIONS = ("anger", "joy", "neutral")


def needed_from(level: float, mistakes: float = 0.1) -> Needs:
    """A truth: people are needed from a level on; supervisors now and then err."""

    def needs(facts: Facts, random: Random) -> bool:
        return (float(str(facts["negative_recent"])) >= level) != (random.uniform() < mistakes)

    return needs


def independent(share: float) -> Needs:
    """A truth that is independent of the facts."""
    return lambda _, random: bool(random.uniform() < share)


def displeased(random: Random) -> Facts:
    """The facts of a customer who is displeased now, and has been so more or less."""
    level = round(float(random.uniform(0, 1)), 3)
    known = {
        "negative_now": level,
        "negative_recent": level,
        "escalation": 0.9,
        "displeased_now": True,
        "displeased_turns": 1,
        "mood_turns": 3,
        "customer_turns": 3,
    }
    return Facts({**NO_FACTS.values, **known}, {})


def verdict(action: str, needed: bool) -> str:
    """What somebody says who knows whether a person was needed."""
    if needed:
        return "right" if action == "hand_over" else "missed"
    return "not_needed" if action == "hand_over" else "right"


@dataclass
class Book:
    """Rows that are written together, quickly; decisions are not sealed."""

    rows: dict[Table, list[Mapping[str, Any]]] = field(
        default_factory=lambda: {
            table: [] for table in (conversations, messages, decisions, verdicts)
        }
    )

    def talk(self, at: datetime, language: str, reading: object, answered: bool) -> str:
        """A question and its answer, in a conversation of their own."""
        name = f"simulated-{len(self.rows[conversations])}"
        self.rows[conversations].append(
            {
                "id": name,
                "token_hash": "-",
                "language": language,
                "state": "assistant",
                "created_at": at,
                "updated_at": at,
            }
        )
        for seq, sender in enumerate(("customer", "assistant"), start=1):
            is_customer = sender == "customer"
            self.rows[messages].append(
                {
                    "conversation_id": name,
                    "seq": seq,
                    "id": f"{name}-{seq}",
                    "episode": 1,
                    "sender": sender,
                    "text": "Hello",
                    "sources": [],
                    "choices": [],
                    "at": at,
                    "reading": reading if is_customer else None,
                    "handled_at": at if is_customer else None,
                    "answered": None if is_customer else answered,
                }
            )
        return name

    def decide(self, name: str, at: datetime, **decided: Any) -> int:
        """A decision on the question."""
        number = len(self.rows[decisions]) + 1
        self.rows[decisions].append(
            {
                "id": number,
                "at": at,
                "conversation_id": name,
                "seq": 1,
                "priority": None,
                "rules": [],
                "reasons": [],
                "facts": {"language": self._language(name)},
                "features_version": features_version(),
                "policy_hash": "p" * 64,
                "model_hash": "m" * 64,
                "previous_hash": "0",
                "hash": str(number),
                **decided,
            }
        )
        return number

    def _language(self, name: str) -> str:
        own = (row for row in self.rows[conversations] if row["id"] == name)
        return str(next(own)["language"])

    def judge(self, decision: int, said: str, at: datetime) -> None:
        """A supervisor's verdict."""
        self.rows[verdicts].append(
            {"decision_id": decision, "verdict": said, "note": "", "account_id": 900, "at": at}
        )

    def write(self, connection: Connection) -> None:
        """Write everything."""
        person = {"email": "sim@x.example", "name": "S", "password_hash": "-", "role": "supervisor"}
        now = datetime(2026, 1, 1, tzinfo=UTC)
        connection.execute(insert(accounts).values(id=900, created_at=now, **person))
        for table, rows in self.rows.items():
            if rows:
                connection.execute(insert(table), rows)


def judged_log(
    policy: Policy,
    needs: Needs,
    random: Random,
    at: datetime,
    *,
    count: int,
    judged: Mapping[str, float] | float = 1.0,
) -> Book:
    """`count` decisions of `policy`; people who know the truth judge a share (of each action)."""
    book = Book()
    for number in range(count):
        known, when = displeased(random), at - timedelta(minutes=number)
        decision = policy.evaluate(known)
        name = book.talk(when, "zh" if number % 3 == 0 else "en", None, answered=True)
        made = book.decide(
            name,
            when,
            action=decision.action,
            priority=decision.priority,
            rules=[reason.rule for reason in decision.reasons],
            facts=known.as_json() | {"language": "zh" if number % 3 == 0 else "en"},
            policy_hash=policy.hash,
        )
        share = judged if isinstance(judged, float) else judged[decision.action]
        if random.uniform() < share:
            book.judge(made, verdict(decision.action, needs(known, random)), when)
    return book


@dataclass(frozen=True)
class Weather:
    """What a day is like: shares of handovers, misses, unread and angry messages."""

    handovers: float = 0.1
    unanswered: float = 0.2
    unread: float = 0.02
    anger: float = 0.15
    policy: str = "p" * 64
    model: str = "m" * 64


def days_of(weather: Sequence[Weather], last: date, random: Random, each: int = 60) -> Book:
    """Days up to `last`, one for each weather, with fewer conversations at the weekend."""
    book = Book()
    for place, now in enumerate(weather, start=1 - len(weather)):
        day = last + timedelta(days=place)
        at = datetime.combine(day, time(12), UTC)
        for number in range(each // 2 if day.weekday() >= 5 else each):
            anger = 0.9 if random.uniform() < now.anger else 0.1
            reading = {
                "language": "en",
                "emotions": {name: anger if name == "anger" else 0.1 for name in EMOTIONS},
                "negative": anger,
            }
            unread = random.uniform() < now.unread
            name = book.talk(
                at,
                "zh" if number % 2 else "en",
                None if unread else reading,
                answered=bool(random.uniform() >= now.unanswered),
            )
            over = random.uniform() < now.handovers
            book.decide(
                name,
                at,
                action="hand_over" if over else "continue",
                policy_hash=now.policy,
                model_hash=now.model,
            )
    return book
