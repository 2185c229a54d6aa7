"""An agent corrects what the record has wrong, and the suggestion follows; limits hold."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine

from accounts.account import Account
from store.enums import ReturnTo
from tests.triage.cases.test_offers import claimed, give
from tests.triage.conftest import NOW, REMEDIES, OpenCase, People
from triage.audit import log
from triage.cases import corrections, offers, queue
from triage.cases.case import Case
from triage.cases.corrections import CORRECTABLE, CorrectableFact
from triage.compensation.remedy_rules import OBSERVABLE
from triage.errors import (
    CaseNotYours,
    CorrectionRefused,
    OfferConflict,
    OwnApproval,
    ReasonMissing,
    TriageError,
)
from triage.features.facts import FACTS

REQUEST = "6f1c8a52-2b7b-4a55-8e43-0f6d0d6a7f10"


def correct(
    connection: Connection,
    case: Case,
    account: Account,
    fact: str,
    value: str | None,
    reason: str = "The customer sent a photo.",
) -> Case:
    return corrections.correct(connection, REMEDIES, case.id, account.id, fact, value, reason, NOW)


def once(connection: Connection, case: Case, account: Account, reason: str, request: str) -> int:
    """Make an offer as the desk does, unless this request made it before."""
    five = Decimal("5.00")
    before = offers.made_before(connection, request, case.id, "goodwill_credit", five, reason)
    made = before or offers.make(
        connection, REMEDIES, case, account, "goodwill_credit", five, "GBP", reason, NOW, request
    )
    return made.id


def known(connection: Connection, case: Case, fact: str) -> CorrectableFact:
    return next(
        known for known in corrections.correctable_facts(connection, case) if known.fact == fact
    )


@pytest.fixture
def case(engine: Engine, open_case: OpenCase, people: People) -> Case:
    """A case of an order that came four working days late, claimed by Anna."""
    return claimed(engine, open_case, people.anna)


def test_the_suggestion_follows_at_once_and_what_was_seen_stays(
    engine: Engine, case: Case, people: People
) -> None:
    assert case.suggestion["remedy"] == "refund_delivery"
    with engine.begin() as connection:
        corrected = correct(connection, case, people.anna, "problem", "damaged")
        assert corrected.suggestion["remedy"] == "replace"
        assert "damaged_item" in corrected.suggestion["rules"]
        fact = known(connection, case, "problem")
        assert (fact.seen, fact.value, fact.author) == ("late", "damaged", "Anna")
        assert fact.reason == "The customer sent a photo."
        assert log.entry(connection, case.decision).facts["problem"] == "late"


def test_a_correction_is_taken_back(engine: Engine, case: Case, people: People) -> None:
    with engine.begin() as connection:
        correct(connection, case, people.anna, "days_late", "12")
        more = queue.case(connection, case.id).suggestion
        back = correct(connection, case, people.anna, "days_late", None, "I read it wrong.")
        assert Decimal(more["goodwill"]) > Decimal(back.suggestion["goodwill"])
        assert back.suggestion == case.suggestion
        assert not known(connection, case, "days_late").is_corrected


def test_several_corrections_hold_together(engine: Engine, case: Case, people: People) -> None:
    with engine.begin() as connection:
        correct(connection, case, people.anna, "order_value", "10.00")
        both = correct(connection, case, people.anna, "contacted_before", "yes")
    assert both.suggestion["limits"]["order_value"] == "10.00"
    assert both.suggestion["facts"]["contacted_before"] is True
    # A fifth of the order, however severe.
    assert both.suggestion["goodwill"] == "2.00"


@pytest.mark.parametrize(
    ("fact", "value", "wanted"),
    [
        ("days_late", "-1", "a whole number"),
        ("days_late", "soon", "a whole number"),
        ("days_late", "9" * 30, "a whole number"),
        ("problem", "fire", "one of none, lost"),
        ("problem_confirmed", "maybe", "yes or no"),
        ("order_value", "12.505", "an amount such as"),
        ("order_value", "NaN", "an amount such as"),
        ("order_value", "1e9", "an amount such as"),
        ("currency", "XXX", "one of GBP"),
        ("anger_now", "1", "cannot be corrected"),
        ("danger", "no", "cannot be corrected"),
        ("nonsense", "1", "cannot be corrected"),
    ],
)
def test_what_is_no_such_fact_or_value_is_refused(
    engine: Engine, case: Case, people: People, fact: str, value: str, wanted: str
) -> None:
    with engine.begin() as connection, pytest.raises(CorrectionRefused, match=wanted):
        correct(connection, case, people.anna, fact, value)
    with engine.begin() as connection:
        assert queue.case(connection, case.id).suggestion == case.suggestion


def test_only_what_happened_can_be_corrected() -> None:
    assert set(CORRECTABLE) <= OBSERVABLE
    assert set(CORRECTABLE) <= set(FACTS)


def test_only_who_has_the_case_corrects_and_says_why(
    engine: Engine, case: Case, people: People
) -> None:
    with engine.begin() as connection:
        with pytest.raises(CaseNotYours):
            correct(connection, case, people.bo, "days_late", "9")
        with pytest.raises(ReasonMissing):
            correct(connection, case, people.anna, "days_late", "9", " ")


def test_nobody_raises_their_own_ceiling(engine: Engine, case: Case, people: People) -> None:
    with engine.begin() as connection:
        assert give(connection, case, people.anna, "3.95", "refund_delivery").state == "offered"
        correct(connection, case, people.anna, "delivery_paid", "9.95")
        raised = give(connection, case, people.anna, "9.95", "refund_delivery")
        assert raised.state == "needs_approval"


def test_nobody_approves_what_rests_on_their_own_correction(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.sam)
    with engine.begin() as connection:
        correct(connection, case, people.sam, "order_value", "900.00")
        queue.release(connection, case.id, people.sam.id, ReturnTo.QUEUE, NOW)
        queue.claim(connection, case.id, people.anna.id, NOW)
        made = give(connection, case, people.anna, "15.00", "refund_partial")
        assert made.state == "needs_approval"
        with pytest.raises(OwnApproval, match="your own correction"):
            offers.approve(connection, REMEDIES, made.id, people.sam, "fine", NOW)
        approved = offers.approve(connection, REMEDIES, made.id, people.tess, "fine", NOW)
        assert approved.state == "offered"


def test_the_same_request_makes_one_offer(engine: Engine, case: Case, people: People) -> None:
    def ask(reason: str) -> int:
        with engine.begin() as connection:
            return once(connection, case, people.anna, reason, REQUEST)

    first = ask("It came late.")
    assert ask("It came late.") == first
    with pytest.raises(OfferConflict):
        ask("Something else.")
    with engine.begin() as connection:
        assert len(offers.offers(connection, case=case.id)) == 1


def test_the_same_request_sent_many_times_at_once_makes_one_offer(
    engine: Engine, case: Case, people: People
) -> None:
    together = Barrier(6)

    def ask(_: int) -> int:
        together.wait()
        with engine.begin() as connection:
            return once(connection, case, people.anna, "Late.", REQUEST)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1


def test_a_correction_and_an_offer_at_once_never_mix(
    engine: Engine, case: Case, people: People
) -> None:
    together = Barrier(2)

    def corrects() -> str:
        together.wait()
        with engine.begin() as connection:
            return str(correct(connection, case, people.anna, "order_value", "10.00").id)

    def offers_() -> str:
        together.wait()
        try:
            with engine.begin() as connection:
                return give(connection, case, people.anna, "15.00", "refund_partial").state
        except TriageError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(corrects)
        offered = pool.submit(offers_).result()
    # Before: within the order's 84.00. After: more than the 10.00 that it is said to have cost.
    assert offered == "offered" or "may be 10.00 GBP at most" in offered
    with engine.begin() as connection:
        made = offers.offers(connection, case=case.id)
        assert all(one.suggestion["limits"]["order_value"] == "84.00" for one in made)


def test_limits_of_one_currency_say_nothing_of_another(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    from tests.triage.conftest import wish
    from tests.triage.talk import order

    for place, currency in enumerate(("GBP", "EUR", "CNY")):
        case = open_case(f"c{place}", wish(order(days_late=4, currency=currency)))
        with engine.begin() as connection:
            queue.claim(connection, case.id, people.anna.id, NOW)
            limit = REMEDIES.amounts(currency).roles["agent"].offer
            at = give(connection, case, people.anna, str(limit), currency=currency)
            assert at.state == "offered"
            above = give(connection, case, people.anna, str(limit + 1), currency=currency)
            assert above.state == "needs_approval"
            with pytest.raises(TriageError, match=f"paid in {currency}"):
                give(connection, case, people.anna, "1.00", currency="USD")
