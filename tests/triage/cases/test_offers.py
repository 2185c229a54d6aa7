"""Offers stay within authority: limits, a second person, a reason, an expiry."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine

from accounts.account import Account
from store.enums import OfferState
from tests.triage.conftest import NOW, REMEDIES, OpenCase, People, wish
from tests.triage.talk import order
from triage.cases import offers, queue
from triage.cases.case import Case
from triage.cases.offers import Offer
from triage.errors import (
    AboveLimit,
    AlreadyDecided,
    AmountNotAllowed,
    ApprovalPending,
    CaseNotClaimed,
    CaseNotYours,
    CaseResolved,
    NotAuthorised,
    OfferExpired,
    OfferUnknown,
    OwnApproval,
    ReasonMissing,
    RemedyUnknown,
    TriageError,
)

RULES = REMEDIES.rules
LATE = wish(order(days_late=4))


def give(
    connection: Connection,
    case: Case,
    account: Account,
    amount: str | None = "5.00",
    remedy: str = "goodwill_credit",
    *,
    currency: str | None = "GBP",
    reason: str = "It came late.",
    now: datetime = NOW,
) -> Offer:
    exact = None if amount is None else Decimal(amount)
    return offers.make(connection, REMEDIES, case, account, remedy, exact, currency, reason, now)


def claimed(
    engine: Engine, open_case: OpenCase, account: Account, name: str = "one", **more: object
) -> Case:
    case = open_case(name, LATE, **more)
    with engine.begin() as connection:
        return queue.claim(connection, case.id, account.id, NOW)


def test_an_offer_within_the_limit_stands_at_once(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        made = give(connection, case, people.anna, "6.00")
        assert offers.offers(connection, case=case.id) == [made]
        assert queue.case(connection, case.id).state == "open"
    assert made.as_json() == {
        "id": made.id,
        "case": case.id,
        "remedy": "goodwill_credit",
        "amount": "6.00",
        "currency": "GBP",
        "reason": "It came late.",
        "state": "offered",
        "offered_by": people.anna.id,
        "decided_by": None,
        "decision_reason": None,
        "made_at": "2026-11-22T09:30:00Z",
        "decided_at": None,
        "expires_at": "2026-12-06T09:30:00Z",
    }


def test_what_was_suggested_is_kept_beside_what_was_given(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        made = give(connection, case, people.anna, "9.50")
    assert made.amount == Decimal("9.50")
    assert made.suggestion["goodwill"] == "3.00"


def test_above_the_limit_a_second_person_decides(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        made = give(connection, case, people.anna, "20.01")
        assert made.state == "needs_approval"
        assert queue.case(connection, case.id).state == "approval"
        with pytest.raises(ApprovalPending):
            queue.resolve(connection, case.id, people.anna.id, "other", None, REMEDIES, NOW)
        approved = offers.approve(connection, REMEDIES, made.id, people.sam, "Fair.", NOW)
        assert (approved.state, approved.decided_by) == ("offered", people.sam.id)
        assert approved.decision_reason == "Fair."
        assert queue.case(connection, case.id).state == "open"
        with pytest.raises(AlreadyDecided):
            offers.approve(connection, REMEDIES, made.id, people.tess, "Fair.", NOW)
        with pytest.raises(AlreadyDecided):
            offers.refuse(connection, made.id, people.tess, "No.", NOW)


def test_a_refusal_opens_the_case_again(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        first, second = (give(connection, case, people.anna, "21.00") for _ in range(2))
        assert offers.refuse(connection, first.id, people.sam, "Too much.", NOW).state == "refused"
        assert queue.case(connection, case.id).state == "approval"
        offers.refuse(connection, second.id, people.sam, "Too much.", NOW)
        assert queue.case(connection, case.id).state == "open"


def test_nobody_decides_on_an_offer_of_their_own(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.sam)
    with engine.begin() as connection:
        made = give(connection, case, people.sam, "84.00", "refund_full")
        assert made.state == "offered"
        for _ in range(2):
            give(connection, case, people.sam, "25.00")
        above = give(connection, case, people.sam, "25.00")
        assert above.state == "needs_approval"
        with pytest.raises(OwnApproval):
            offers.approve(connection, REMEDIES, above.id, people.sam, "Mine.", NOW)
        with pytest.raises(OwnApproval):
            offers.refuse(connection, above.id, people.sam, "Mine.", NOW)
        assert offers.approve(connection, REMEDIES, above.id, people.tess, "Yes.", NOW)


def test_an_agent_does_not_approve(engine: Engine, open_case: OpenCase, people: People) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        made = give(connection, case, people.anna, "30.00")
        with pytest.raises(NotAuthorised):
            offers.approve(connection, REMEDIES, made.id, people.bo, "Yes.", NOW)


def test_a_reason_is_always_given(engine: Engine, open_case: OpenCase, people: People) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        for blank in ("", "  \n"):
            with pytest.raises(ReasonMissing):
                give(connection, case, people.anna, reason=blank)
        made = give(connection, case, people.anna, "30.00")
        with pytest.raises(ReasonMissing):
            offers.approve(connection, REMEDIES, made.id, people.sam, " ", NOW)
        assert offers.offer(connection, made.id).state == "needs_approval"


def test_an_expired_offer_is_not_approved_but_can_be_refused(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    later = NOW + RULES.expires
    with engine.begin() as connection:
        made = give(connection, case, people.anna, "30.00")
        with pytest.raises(OfferExpired):
            offers.approve(connection, REMEDIES, made.id, people.sam, "Yes.", later)
        assert offers.refuse(connection, made.id, people.sam, "Too late.", later).state == "refused"


@pytest.mark.parametrize(
    ("remedy", "amount", "currency", "error"),
    [
        ("goodwill_credit", None, "GBP", AmountNotAllowed),
        ("goodwill_credit", "0", "GBP", AmountNotAllowed),
        ("goodwill_credit", "-5", "GBP", AmountNotAllowed),
        ("goodwill_credit", "NaN", "GBP", AmountNotAllowed),
        ("goodwill_credit", "Infinity", "GBP", AmountNotAllowed),
        ("goodwill_credit", "1.005", "GBP", AmountNotAllowed),
        ("goodwill_credit", "5", "EUR", AmountNotAllowed),
        ("goodwill_credit", "5", None, AmountNotAllowed),
        ("goodwill_credit", "50.01", "GBP", AboveLimit),
        ("refund_full", "84.01", "GBP", AboveLimit),
        ("refund_delivery", "3.96", "GBP", AboveLimit),
        ("goodwill_credit", "1e30", "GBP", AboveLimit),
        ("apology", "1", "GBP", AmountNotAllowed),
        ("flowers", "5", "GBP", RemedyUnknown),
    ],
)
def test_what_nobody_may_give_is_refused(
    engine: Engine,
    open_case: OpenCase,
    people: People,
    remedy: str,
    amount: str | None,
    currency: str | None,
    error: type[TriageError],
) -> None:
    case = claimed(engine, open_case, people.sam)
    with engine.begin() as connection:
        with pytest.raises(error):
            give(connection, case, people.sam, amount, remedy, currency=currency)
        assert offers.offers(connection) == []


def test_a_remedy_without_money_needs_no_amount(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        made = give(connection, case, people.anna, None, "resend", currency=None)
    assert (made.state, made.amount, made.currency) == ("offered", None, None)


def test_only_who_has_claimed_the_open_case_makes_offers(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = open_case("one", LATE)
    with engine.begin() as connection:
        with pytest.raises(CaseNotClaimed):
            give(connection, case, people.anna)
        queue.claim(connection, case.id, people.anna.id, NOW)
        with pytest.raises(CaseNotYours):
            give(connection, case, people.sam)
        queue.resolve(connection, case.id, people.anna.id, "other", None, REMEDIES, NOW)
        with pytest.raises(CaseResolved):
            give(connection, case, people.anna)
        with pytest.raises(OfferUnknown, match="99"):
            offers.approve(connection, REMEDIES, 99, people.sam, "Yes.", NOW)


def test_a_day_s_limit_is_of_24_hours_and_of_one_s_own_decisions(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    cases = [claimed(engine, open_case, people.anna, f"c{place}") for place in range(7)]
    with engine.begin() as connection:
        states = [give(connection, case, people.anna, "20.00").state for case in cases[:6]]
        assert states == ["offered"] * 5 + ["needs_approval"]
        waiting = offers.offers(connection, state=OfferState.NEEDS_APPROVAL)[0]
        offers.approve(connection, REMEDIES, waiting.id, people.sam, "Fair.", NOW)
        tomorrow = NOW + timedelta(hours=24)
        assert give(connection, cases[6], people.anna, "20.00", now=tomorrow).state == "offered"


def test_a_customer_s_limit_counts_all_their_conversations(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    staff = [people.anna, people.bo, people.sam, people.tess]
    cases = [
        claimed(engine, open_case, who, f"c{place}", identity={"email": email})
        for place, (who, email) in enumerate(
            zip(staff, ("a@b.co", "A@B.co", "a@b.co", "x@y.co"), strict=True)
        )
    ]
    with engine.begin() as connection:
        states = [
            give(connection, case, who, "20.00").state
            for case, who in zip(cases, staff, strict=True)
        ]
        assert states == ["offered"] * 4
        assert give(connection, cases[0], people.anna, "0.01").state == "needs_approval"
        refund = give(connection, cases[1], people.bo, "3.95", "refund_delivery")
        assert refund.state == "offered"
        later = NOW + RULES.customer.days
        assert give(connection, cases[2], people.sam, "20.00", now=later).state == "offered"


def test_offers_made_at_once_do_not_exceed_the_limit_together(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    cases = [claimed(engine, open_case, people.anna, f"c{place}") for place in range(8)]
    together = Barrier(len(cases))

    def make(case: Case) -> str:
        together.wait()
        with engine.begin() as connection:
            return give(connection, case, people.anna, "20.00").state

    with ThreadPoolExecutor(len(cases)) as pool:
        states = list(pool.map(make, cases))
    assert states.count("offered") * Decimal("20.00") <= RULES.amounts["GBP"].roles["agent"].day
    assert states.count("offered") == 5


def test_of_two_who_decide_at_once_one_succeeds(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        made = give(connection, case, people.anna, "30.00")
    together = Barrier(2)

    def decide(account: Account) -> str:
        together.wait()
        try:
            with engine.begin() as connection:
                if account == people.sam:
                    return offers.refuse(connection, made.id, account, "No.", NOW).state
                return offers.approve(connection, REMEDIES, made.id, account, "Yes.", NOW).state
        except AlreadyDecided:
            return "too late"

    with ThreadPoolExecutor(2) as pool:
        results = set(pool.map(decide, (people.sam, people.tess)))
    assert "too late" in results
    with engine.begin() as connection:
        assert {offers.offer(connection, made.id).state} == results - {"too late"}
