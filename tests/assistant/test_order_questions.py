"""What is said about an order in focus: from its record, for orders in every state."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from assistant.actions import order_questions, orders
from assistant.actions.dialogue_state import DialogueState
from assistant.actions.order_questions import QUESTIONS, answer_about
from assistant.actions.promises import cancellation_fee, last_return_day
from assistant.intents import intent_of, intents
from assistant.orders.port import Order
from language.detect import LANGUAGES, Language
from store.enums import OrderProblem, OrderStatus
from tests.assistant.every_order import TODAY, every_order

LATE = replace(
    next(every_order()),
    status=OrderStatus.DISPATCHED,
    placed=TODAY - timedelta(days=14),
    promised=TODAY - timedelta(days=8),
    delivery_paid=Decimal("3.95"),
)
OPEN = replace(LATE, status=OrderStatus.PROCESSING, promised=TODAY + timedelta(days=5))


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (orders, order_questions):
        monkeypatch.setattr(module, "today", lambda: TODAY)


def state(language: Language = "en") -> DialogueState:
    return DialogueState("", None, 1.0, (), language, (), {}, False, ())


def told(order: Order, intent: str, language: Language = "en") -> str:
    return answer_about(order, intent, state(language)).text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("intent", QUESTIONS)
def test_every_question_about_every_order_has_an_answer(intent: str, language: Language) -> None:
    for order in every_order():
        reply = answer_about(order, intent, state(language))
        assert reply.answered
        assert order.number in reply.text
        for button in reply.choices:
            assert button.id
            assert intent_of(button.id) in intents()


def test_the_questions_are_intents() -> None:
    assert QUESTIONS.keys() <= intents()


def test_a_late_order_has_no_new_date_and_its_delivery_charge_comes_back() -> None:
    assert "no new date is known" in told(LATE, "order_arrival")
    assert "£3.95 back" in told(LATE, "order_delivery_charge")
    assert "没有新的送达日期" in told(LATE, "order_arrival", "zh")
    assert "运费 £3.95 会退给您" in told(LATE, "order_delivery_charge", "zh")


@pytest.mark.parametrize(("days", "entitled"), [(0, False), (2, False), (3, True)])
def test_the_delivery_charge_comes_back_after_more_than_two_working_days(
    days: int, entitled: bool
) -> None:
    promised = TODAY
    while replace(LATE, promised=promised).days_late(TODAY) < days:
        promised -= timedelta(days=1)
    order = replace(LATE, promised=promised)
    assert told(order, "order_delivery_charge").startswith("Yes.") == entitled


def test_free_delivery_leaves_nothing_to_give_back() -> None:
    order = replace(LATE, delivery_paid=Decimal(0))
    assert "was free" in told(order, "order_delivery_charge")


def test_cancelling_costs_an_amount_and_not_a_percentage() -> None:
    made = replace(OPEN, made_to_measure=True, value=Decimal("210.00"))
    assert cancellation_fee(made) == Decimal("31.50")
    assert "£31.50" in told(made, "order_cancel_cost")
    assert "£178.50" in told(made, "order_refund")
    assert told(OPEN, "order_cancel_cost").startswith("Nothing")
    assert "dispatched" in told(LATE, "order_cancel_cost")


def test_within_a_day_of_ordering_cancelling_costs_nothing_yet() -> None:
    made = replace(OPEN, made_to_measure=True, placed=TODAY)
    assert told(made, "order_cancel_cost").startswith("Within 24 hours of ordering nothing.")


def test_a_double_charge_is_told_only_where_the_record_shows_one() -> None:
    twice = replace(LATE, problem=OrderProblem.DOUBLE_CHARGE)
    assert told(twice, "order_charges").startswith("Yes")
    assert "£49.95" in told(LATE, "order_charges")
    assert "one charge" in told(LATE, "order_charges")
    assert told(OPEN, "order_charges").startswith("Nothing has been taken yet")


@pytest.mark.parametrize(("age", "can"), [(30, True), (31, False)])
def test_returning_is_possible_for_thirty_days(age: int, can: bool) -> None:
    delivered = TODAY - timedelta(days=age)
    order = replace(LATE, status=OrderStatus.DELIVERED, delivered=delivered)
    assert told(order, "order_can_return").startswith("Yes.") == can
    assert last_return_day(order) == delivered + timedelta(days=30)


def test_a_cancelled_order_tells_when_and_what_happened_to_the_money() -> None:
    order = replace(LATE, status=OrderStatus.CANCELLED, cancelled=date(2026, 11, 30))
    values = orders.placeholders(order, state())
    assert values["cancelled"] == "30 November"
    assert "nothing was taken" in told(order, "order_refund")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("where is my rug", True),
        ("the RUGS please", True),
        ("我的地毯呢", True),
        ("我的地毯到哪裡了", True),
        ("where is my lamp", False),
        ("台灯呢", False),
        ("", False),
    ],
)
def test_an_order_is_named_by_its_item(text: str, named: bool) -> None:
    assert orders.names(text, LATE) == named


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("14 Redland Road, Bristol BS6 6QT", "…, Bristol BS6 6QT"),
        ("上海市徐汇区衡山路 12 弄 8 号", "上海市徐汇区…"),
    ],
)
def test_house_and_street_are_not_told(address: str, told: str) -> None:
    assert orders.hint_at(address) == told
    reply = answer_about(replace(OPEN, address=address), "order_address", state())
    assert told in reply.text
    assert address not in reply.text
