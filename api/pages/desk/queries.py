"""What the desk shows of the queue and of one case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from accounts import staff
from api.pages.shared.transcript import TranscriptMessage, transcript
from conversation.summaries import Summary, summaries
from store.enums import CaseState
from triage.cases import corrections, offers, queue
from triage.cases.case import Case
from triage.cases.corrections import CorrectableFact
from triage.cases.offers import Offer
from triage.cases.precedents import Precedents, precedents

# The log has all resolved cases; the desk shows the latest.
RESOLVED_SHOWN = 50


class CaseMode(StrEnum):
    """What the signed-in account can do with a case: claim it, work on it, or only read it."""

    WAITING = "waiting"
    MINE = "mine"
    OTHER = "other"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class ListedCase:
    """One case of a list, with what is shown of its conversation and the agent's name."""

    case: Case
    summary: Summary
    agent: str | None


@dataclass(frozen=True)
class ShownOffer:
    """An offer with the names of those who made it and decided on it."""

    offer: Offer
    offered_by: str
    decided_by: str | None


@dataclass(frozen=True)
class CaseView:
    """One case with all that an agent needs to see."""

    listed: ListedCase
    mode: CaseMode
    transcript: Sequence[TranscriptMessage]
    offers: Sequence[ShownOffer]
    order: Mapping[str, Any] | None
    facts: Sequence[CorrectableFact]
    precedents: Precedents | None

    @property
    def case(self) -> Case:
        """Return the case itself."""
        return self.listed.case


def unresolved_counts(connection: Connection) -> dict[CaseState, int]:
    """Return how many unresolved cases there are in each state."""
    counts = queue.counts(connection)
    return {state: count for state, count in counts.items() if state != CaseState.RESOLVED}


def listed_cases(connection: Connection, state: CaseState, account: int) -> list[ListedCase]:
    """Return the cases of a state in the order of the desk.

    Unresolved cases: the most urgent first, those of other agents last. Resolved cases: the latest
    first, at most `RESOLVED_SHOWN`.
    """
    if state == CaseState.RESOLVED:
        return _listed(connection, queue.resolved(connection, RESOLVED_SHOWN))
    cases = queue.cases(connection, state)
    cases.sort(key=lambda case: case.agent not in (None, account))
    return _listed(connection, cases)


def case_view(connection: Connection, case_id: int, account: int, now: datetime) -> CaseView:
    """Return one case with its transcript, offers, order and facts. Raises CaseUnknown."""
    case = queue.case(connection, case_id)
    messages = transcript(connection, case.conversation)
    orders = [shown.message.order for shown in messages if shown.message.order]
    facts = corrections.correctable_facts(connection, case)
    return CaseView(
        listed=_listed(connection, [case])[0],
        mode=_mode(case, account),
        transcript=messages,
        offers=_shown_offers(connection, case_id),
        order=orders[-1] if orders else None,
        facts=facts,
        precedents=_precedents(connection, facts, now),
    )


def _listed(connection: Connection, cases: Sequence[Case]) -> list[ListedCase]:
    of_episode = summaries(connection, [(case.conversation, case.episode) for case in cases])
    agents = staff.names(connection, [case.agent for case in cases])
    return [
        ListedCase(
            case,
            of_episode[case.conversation, case.episode],
            None if case.agent is None else agents[case.agent],
        )
        for case in cases
    ]


def _mode(case: Case, account: int) -> CaseMode:
    if case.state in (CaseState.WAITING, CaseState.RESOLVED):
        return CaseMode(case.state)
    return CaseMode.MINE if case.agent == account else CaseMode.OTHER


def _shown_offers(connection: Connection, case_id: int) -> list[ShownOffer]:
    made = offers.offers(connection, case=case_id)
    people = [account for offer in made for account in (offer.offered_by, offer.decided_by)]
    names = staff.names(connection, people)
    return [
        ShownOffer(
            offer,
            names[offer.offered_by],
            None if offer.decided_by is None else names[offer.decided_by],
        )
        for offer in made
    ]


def _precedents(
    connection: Connection, facts: Sequence[CorrectableFact], now: datetime
) -> Precedents | None:
    values = {known.fact: known.value for known in facts}
    problem, currency = values["problem"], values["currency"]
    if not problem or not currency:
        return None
    return precedents(connection, str(problem), str(currency), now)
