"""What the desk shows of the queue and of one case, read from the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, func, select

from conversation import repository
from store.enums import CaseState
from store.tables import accounts, cases, conversations, messages, offers
from triage.cases import corrections, queue
from triage.cases.corrections import Known
from triage.cases.precedents import Past, past_offers
from triage.errors import CaseUnknown
from triage.message import Message

Mode = Literal["waiting", "mine", "other", "resolved"]
TABS = tuple(CaseState)
# Nobody scrolls through years of closed cases; the log has them all.
RESOLVED_SHOWN = 50


@dataclass(frozen=True)
class Feeling:
    """The strongest emotion of a message, its probability, and how negative the message is."""

    emotion: str
    share: float
    negative: float


@dataclass(frozen=True)
class Spoken:
    """One message of a transcript; `parts` is its text cut at the words that made it negative."""

    message: Message
    author: str | None
    parts: tuple[tuple[str, bool], ...]
    feeling: Feeling | None


@dataclass(frozen=True)
class Work:
    """One case with all that an agent needs to see; `row` is the case, as `rows` has it."""

    row: Row[Any]
    mode: Mode
    transcript: Sequence[Spoken]
    offers: Sequence[Row[Any]]
    order: Mapping[str, Any] | None
    facts: Sequence[Known]
    past: Past | None


def counts(connection: Connection) -> dict[str, int]:
    """Return how many unresolved cases there are in each state."""
    found = connection.execute(
        select(cases.c.state, func.count())
        .where(cases.c.state != "resolved")
        .group_by(cases.c.state)
    )
    return dict(found.all())


def rows(connection: Connection, tab: CaseState, me: int) -> list[Row[Any]]:
    """Return the cases of a tab, most urgent first; my own before others', closed ones by date."""
    if tab == "resolved":
        latest = _rows().where(cases.c.state == tab).order_by(cases.c.resolved_at.desc())
        return list(connection.execute(latest.limit(RESOLVED_SHOWN)))
    order = {case.id: place for place, case in enumerate(queue.cases(connection, tab))}
    found = connection.execute(_rows().where(cases.c.id.in_(order))).all()
    return sorted(found, key=lambda row: (row.agent_id not in (None, me), order[row.id]))


def work(connection: Connection, case: int, me: int) -> Work:
    """Return one case with its transcript, offers and order. Raises CaseUnknown."""
    row = connection.execute(_rows().where(cases.c.id == case)).first()
    if row is None:
        raise CaseUnknown("There is no such case.")
    said = transcript(connection, row.conversation_id)
    orders = [spoken.message.order for spoken in said if spoken.message.order]
    facts = corrections.known(connection, queue.case(connection, case))
    return Work(
        row,
        _mode(row, me),
        said,
        _offers(connection, case),
        orders[-1] if orders else None,
        facts,
        _past(connection, {one.fact: one.value for one in facts}),
    )


def _past(connection: Connection, facts: Mapping[str, Any]) -> Past | None:
    if not facts["problem"] or not facts["currency"]:
        return None
    return past_offers(connection, facts["problem"], facts["currency"], datetime.now(UTC))


def transcript(connection: Connection, conversation: str) -> list[Spoken]:
    """Return everything that was said, with what the emotion model read in it."""
    written = connection.execute(
        select(messages.c.seq, accounts.c.name)
        .join(accounts, accounts.c.id == messages.c.author_id)
        .where(messages.c.conversation_id == conversation)
    )
    authors: dict[int, str] = dict(written.all())
    return [
        _spoken(message, authors.get(message.seq))
        for message in repository.read(connection, conversation)
    ]


def _rows() -> Select[Any]:
    """Select cases with the customer's first words, their language and the agent's name."""
    first = (
        select(func.min(messages.c.seq))
        .where(
            messages.c.conversation_id == cases.c.conversation_id,
            messages.c.episode == cases.c.episode,
            messages.c.sender == "customer",
        )
        .correlate(cases)
        .scalar_subquery()
    )
    return (
        select(
            cases,
            conversations.c.language,
            conversations.c.identity,
            accounts.c.name.label("agent"),
            messages.c.text.label("words"),
        )
        .join(conversations, conversations.c.id == cases.c.conversation_id)
        .outerjoin(accounts, accounts.c.id == cases.c.agent_id)
        .outerjoin(
            messages,
            (messages.c.conversation_id == cases.c.conversation_id) & (messages.c.seq == first),
        )
    )


def _offers(connection: Connection, case: int) -> Sequence[Row[Any]]:
    decider = accounts.alias()
    return connection.execute(
        select(offers, accounts.c.name.label("by"), decider.c.name.label("decider"))
        .join(accounts, accounts.c.id == offers.c.offered_by)
        .outerjoin(decider, decider.c.id == offers.c.decided_by)
        .where(offers.c.case_id == case)
        .order_by(offers.c.id)
    ).all()


def _mode(row: Row[Any], me: int) -> Mode:
    if row.state in ("waiting", "resolved"):
        mode: Mode = row.state
        return mode
    return "mine" if row.agent_id == me else "other"


def _spoken(message: Message, author: str | None) -> Spoken:
    reading = message.reading
    if reading is None:
        return Spoken(message, author, ((message.text, False),), None)
    emotion, share = max(reading.emotions.items(), key=lambda one: one[1])
    feeling = Feeling(emotion, share, reading.negative)
    return Spoken(message, author, cut(message.text, message.attributions), feeling)


def cut(text: str, words: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, bool], ...]:
    """Return `text` in parts, each with whether it is one of `words` that pull to the negative.

    `words` are {start, end, weight} with positions in characters; where two overlap, the first
    stands.
    """
    parts: list[tuple[str, bool]] = []
    done = 0
    for word in sorted(words, key=lambda word: int(word["start"])):
        start, end = int(word["start"]), int(word["end"])
        if word["weight"] <= 0 or start < done:
            continue
        parts += [(text[done:start], False), (text[start:end], True)]
        done = end
    return tuple(part for part in [*parts, (text[done:], False)] if part[0])


def pending(connection: Connection) -> Sequence[Row[Any]]:
    """Return the offers that wait for a second person, oldest first, with their cases."""
    return connection.execute(
        select(
            offers,
            accounts.c.name.label("by"),
            cases.c.reasons,
            cases.c.priority,
            cases.c.conversation_id,
        )
        .join(accounts, accounts.c.id == offers.c.offered_by)
        .join(cases, cases.c.id == offers.c.case_id)
        .where(offers.c.state == "needs_approval")
        .order_by(offers.c.id)
    ).all()
