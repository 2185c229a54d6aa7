"""Suggestions depend on what happened, never on the customer's sentiment."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.talk import assistant, customer, facts, numbered, order
from triage.compensation.remedies import REMEDIES, Suggestion, load_remedies
from triage.errors import RemediesError
from triage.features.facts import Facts, extract_facts
from triage.message import Reading

SHIPPED = load_remedies()
TEXT = REMEDIES.read_text(encoding="utf-8")


def suggest(said: str = "Where is it?", snapshot: dict[str, Any] | None = None) -> Suggestion:
    return SHIPPED.suggest(facts(customer(said), assistant(order=snapshot)))


def steps(suggestion: Suggestion) -> list[tuple[str, str | None]]:
    return [(step["remedy"], step["amount"]) for step in suggestion.as_json()["steps"]]


def test_a_delay_of_more_than_two_working_days_refunds_the_delivery_charge() -> None:
    assert steps(suggest(snapshot=order(days_late=2))) == [("apology", None)]
    late = suggest(snapshot=order(days_late=3))
    assert (late.remedy, late.amount, late.currency) == ("refund_delivery", Decimal("3.95"), "GBP")
    assert (late.entitlement, late.goodwill) == (Decimal("3.95"), Decimal("3.00"))
    free = suggest(snapshot=order(days_late=3, delivery_paid="0.00"))
    assert free.remedy == "trace"


def test_a_lost_order_is_replaced_or_refunded_at_the_customers_choice() -> None:
    for snapshot in (order(problem="lost", status="lost"), order(days_late=10)):
        lost = suggest(snapshot=snapshot)
        assert (lost.remedy, lost.instead) == ("resend", ("refund_full",))
        assert ("refund_delivery", "3.95") in steps(lost)


@pytest.mark.parametrize(
    ("problem", "remedy", "amount"),
    [
        ("damaged", "replace", None),
        ("wrong", "replace", None),
        ("missing", "resend", None),
        ("double_charge", "refund_duplicate", "84.00"),
    ],
)
def test_each_failure_has_its_remedy(problem: str, remedy: str, amount: str | None) -> None:
    assert steps(suggest(snapshot=order(problem=problem)))[0] == (remedy, amount)


def test_an_unconfirmed_problem_is_to_be_checked_and_counts_half() -> None:
    said = suggest("My vase arrived smashed", order())
    known = suggest("Hello", order(problem="damaged"))
    assert said.remedy == known.remedy == "replace"
    assert (said.goodwill, known.goodwill) == (Decimal("1.50"), Decimal("3.00"))
    assert "Check first" in said.explanation["en"]
    assert (
        "If the order confirms the problem, the goodwill becomes 3.00 GBP"
        in (said.explanation["en"])
    )
    assert suggest("I was charged twice", order()).amount is None


def test_without_an_order_the_explanation_says_what_is_missing() -> None:
    unknown = suggest("Hello there")
    assert steps(unknown) == [("apology", None)]
    assert (unknown.amount, unknown.currency, unknown.goodwill) == (None, None, None)
    assert "Ask for the order number" in unknown.explanation["en"]
    assert "请询问订单号" in unknown.explanation["zh"]


def test_a_currency_without_amounts_gives_no_goodwill() -> None:
    foreign = suggest(snapshot=order(days_late=4, currency="SEK"))
    assert steps(foreign) == [("refund_delivery", "3.95")]
    assert foreign.currency == "SEK"
    assert "The order is in SEK" in foreign.explanation["en"]
    assert "订单币种为 SEK" in foreign.explanation["zh"]


@pytest.mark.parametrize(
    ("currency", "goodwill"),
    [("GBP", "3.00"), ("EUR", "3.50"), ("USD", "4.00"), ("CNY", "25.00"), ("JPY", "600")],
)
def test_each_currency_has_its_own_amounts_and_units(currency: str, goodwill: str) -> None:
    value = "8400" if currency == "JPY" else "840.00"
    late = suggest(snapshot=order(days_late=4, currency=currency, value=value))
    assert late.as_json()["goodwill"] == goodwill
    assert f"{goodwill} {currency}" in late.explanation["en"]
    assert late.currency == late.order_currency == currency


def test_a_suggestion_has_the_facts_of_its_rules() -> None:
    late = suggest(snapshot=order(days_late=4)).as_json()
    assert late["facts"]["days_late"] == 4
    assert late["facts"]["delivery_paid"] == "3.95"
    assert not any(name.startswith(("negative", "anger")) for name in late["facts"])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("The lamp caught fire and I am late", "safety_first"),
        ("I will see you in court", "legal_threat"),
        ("I am registered blind", "vulnerable"),
    ],
)
def test_care_comes_first_and_has_no_amount(text: str, rule: str) -> None:
    suggestion = suggest(text, order(days_late=12, problem="lost"))
    assert steps(suggestion) == [("apology", None)]
    assert suggestion.rules[0] == rule
    assert suggestion.total == 0
    assert "No automatic amount" in suggestion.explanation["en"]


def test_the_cap_is_a_share_of_the_order_and_is_explained() -> None:
    capped = suggest("I called you twice", order(days_late=12, value="30.00"))
    assert capped.goodwill == Decimal("6.00")
    assert (
        "The cap of 6.00 GBP (20 % of the order's value) was reached" in (capped.explanation["en"])
    )
    assert "已达上限 6.00 GBP" in capped.explanation["zh"]


def test_a_suggestion_has_its_rules_and_what_would_change_it() -> None:
    late = suggest("I emailed you last week", order(days_late=4))
    assert late.rules == ("late_delivery", "promise_broken", "contacted_before", "ours")
    assert "severity 2 of 4" in late.explanation["en"]
    assert "One more point of severity would make the goodwill 12.00 GBP" in late.explanation["en"]
    assert "{" not in late.explanation["en"] + late.explanation["zh"]


def test_each_problem_has_a_first_reply_in_both_languages() -> None:
    for problem in ("late", "lost", "damaged", "wrong", "missing", "double_charge"):
        words = suggest(snapshot=order(problem=problem)).words
        assert words != suggest("Hello there").words
        assert "sorry" in words["en"]
        assert "抱歉" in words["zh"]


def test_every_remedy_and_root_cause_has_a_label_in_both_languages() -> None:
    for label in (*SHIPPED.labels.values(), *SHIPPED.root_causes.values()):
        assert set(label) == {"en", "zh"}
        assert all(label.values())


LEVEL = st.floats(0, 1)
SNAPSHOT = st.builds(
    order,
    days_late=st.integers(0, 30),
    value=st.decimals(1, 500, places=2).map(str),
    delivery_paid=st.sampled_from(["0.00", "3.95", "29.00"]),
    problem=st.sampled_from([None, "late", "lost", "damaged", "wrong", "missing", "double_charge"]),
)
SHOUTED = st.sampled_from(
    [
        "THIS IS A DISGRACE!!!",
        "you are useless idiots",
        "I am furious and will never shop with you again",
        "气死我了，太过分了",
        "I want a manager NOW",
        "Thank you so much, you are lovely",
    ]
)


@given(SNAPSHOT, st.lists(st.tuples(LEVEL, LEVEL), min_size=2, max_size=2), SHOUTED)
def test_emotion_never_changes_the_amount(
    snapshot: dict[str, Any], moods: list[tuple[float, float]], shouted: str
) -> None:
    calm = numbered(customer("Where is my rug?", 0.0), assistant(order=snapshot))
    amounts = {SHIPPED.suggest(extract_facts(calm)).total}
    for negative, anger in moods:
        reading = Reading("en", {"anger": anger, "joy": 1 - anger}, negative)
        amounts.add(
            SHIPPED.suggest(extract_facts([replace(calm[0], reading=reading), calm[1]])).total
        )
    shouting = customer(shouted, moods[0][0], anger=moods[0][1])
    amounts.add(SHIPPED.suggest(extract_facts(numbered(*calm, shouting))).total)
    assert len(amounts) == 1


def test_a_condition_on_sentiment_is_refused() -> None:
    for fact in ("anger_now > 0.5", "negative_run > 1", "abuse", "says_unhelpful", "danger"):
        with pytest.raises(RemediesError, match="only what happened does"):
            load_remedies(TEXT.replace("when: problem == 'wrong'", f"when: {fact}"))


@given(
    SNAPSHOT,
    st.integers(0, 4),
    st.booleans(),
    st.integers(0, 10),
    st.integers(0, 3),
    st.booleans(),
)
def test_worse_facts_never_reduce_the_total(
    snapshot: dict[str, Any], misses: int, contacted: bool, later: int, more: int, again: bool
) -> None:
    known = extract_facts(numbered(customer("Hello"), assistant(order=snapshot)))
    before = with_values(known, misses=misses, contacted_before=contacted)
    days = known["days_late"]
    assert isinstance(days, int)
    after = with_values(
        known,
        misses=misses + more,
        contacted_before=contacted or again,
        days_late=days + later,
        problem=known["problem"] or ("late" if days + later > 2 else ""),
        problem_confirmed=bool(known["problem"]) or days + later > 2,
    )
    assert SHIPPED.suggest(after).total >= SHIPPED.suggest(before).total


@given(SNAPSHOT)
def test_goodwill_never_exceeds_its_cap(snapshot: dict[str, Any]) -> None:
    goodwill = SHIPPED.suggest(
        facts(customer("I called you twice"), assistant(order=snapshot))
    ).goodwill
    value = Decimal(snapshot["value"])
    assert (goodwill or 0) <= min(Decimal(20), (value / 5).quantize(Decimal("0.01")))


def with_values(known: Facts, **values: Any) -> Facts:
    return Facts({**known.values, **values}, known.evidence)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("currency: GBP", "currency: pounds", "no currency has the code 'pounds'"),
        ("{id: trace, money: false,", "{id: trace, money: 1,", "`money` is true or false"),
        ("most: delivery_paid", "most: days_late", "no amount of money is called 'days_late'"),
        ("{id: apology,", "{id: sorry,", "the remedy `apology` is missing"),
        (
            "gives: refund_duplicate\n    amount",
            "gives: flowers\n    amount",
            "no remedy is called",
        ),
        ("instead: [refund_full]", "instead: [tea]", "no remedy is called 'tea'"),
        ("amount: order_value", "amount: much", "no amount of money is called 'much'"),
        ("when: problem == 'wrong'", "when: problem = 'wrong'", "bad condition"),
        ("charge of {delivery_paid} is", "charge of {paid} is", "no fact is called 'paid'"),
        ("bands: [0, 3, 6, 12, 20]", "bands: [0, 3, 2, 12, 20]", "no band may be lower"),
        ("cap: 0.20", "cap: 2", "`cap` is at most 1, not 2"),
        ("share: 0.5", "share: 1.5", "`share` is at most 1, not 1.5"),
        ("agent: {offer: 20,", "agent: {offer: much,", "`GBP.agent.offer` needs a number"),
        ("customer: {days: 90}", "customer: {weeks: 9}", "unknown key 'weeks'"),
        ("  EUR: {", "  EUX: {", "no currency has the code 'EUX'"),
        ("currency: GBP", "currency: SEK", "there are no amounts in SEK"),
        ("[0, 600,", "[0, 600.5,", "the smallest amount in JPY is 1"),
        ("gesture: 50,", "gesture: 5,", "the highest band is more than one gesture"),
        ("gesture: 50, ", "", "`GBP.gesture` is missing"),
        ("most: order_value", "most: 12", "`most` needs a text, not 12"),
        (
            "when: problem == 'wrong'",
            "when: problem == 'wrong' && order_known",
            "a gap: nothing is given when the problem is 'wrong'",
        ),
        (
            "when: problem == 'wrong'",
            "when: problem in ['wrong', 'damaged']",
            "an overlap: damaged_item and wrong_item",
        ),
        ("    words: legal", "    words: rude", "`words` is one of"),
        ("  tone: {en:", "  tune: {en:", "sentences: `tone` is missing"),
        ("zh: 承运商延误", "cn: 承运商延误", "`label.zh` is missing"),
        ("{id: no_fault,", "{id: other,", "two rules have this id"),
        ("expires_days: 14", "expires: 14", "unknown key 'expires'"),
    ],
)
def test_a_fault_of_the_remedies_is_reported_with_its_line(old: str, new: str, fault: str) -> None:
    assert old in TEXT
    with pytest.raises(RemediesError) as caught:
        load_remedies(TEXT.replace(old, new, 1))
    found = [str(rule_fault) for rule_fault in caught.value.faults]
    assert any(fault in line and line.startswith("line ") for line in found), found


@pytest.mark.parametrize("text", ["", "[]", "remedies: 3", "{", "goodwill: {bands: no}"])
def test_text_that_is_not_a_remedies_file_is_refused(text: str) -> None:
    with pytest.raises(RemediesError):
        load_remedies(text)
