"""The demo shop's orders: found only with their e-mail, written once."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.backoffice import BackofficeDown, DemoShop, Order, today_utc
from assistant.demo_shop import open_demo_shop, orders


def order(shop: DemoShop, number: str, email: str) -> Order:
    found = shop.find_order(number, email)
    assert found is not None
    return found


def test_an_order_needs_its_own_email(shop: DemoShop) -> None:
    assert order(shop, "HP-10234", "Anna@Example.com").customer == "Anna Brown"
    assert shop.find_order("HP-10234", "li.wei@example.com") is None
    assert shop.find_order("HP-00000", "anna@example.com") is None


def test_the_demo_shop_has_what_can_go_wrong() -> None:
    today = today_utc()
    told = {o.number: o.snapshot(today) for o in orders(today)}
    assert len(told) == 20
    assert told["HP-10234"]["problem"] is None
    assert (told["HP-10235"]["problem"], told["HP-10235"]["days_late"]) == ("late", 6)
    assert (told["HP-20817"]["status"], told["HP-20817"]["problem"]) == ("delivered", "damaged")
    assert {o["problem"] for o in told.values()} == {
        None, "late", "lost", "damaged", "wrong", "missing", "double_charge",
    }  # fmt: skip
    assert {o["status"] for o in told.values()} == {
        "processing", "packed", "dispatched", "delivered", "cancelled", "lost",
    }  # fmt: skip


@pytest.mark.parametrize("day", range(23, 30), ids=lambda day: f"{date(2026, 11, day):%A}")
def test_the_demo_orders_tell_the_same_story_on_every_weekday(day: int) -> None:
    today = date(2026, 11, day)
    told = {o.number: o for o in orders(today)}
    assert told["HP-10234"].trouble(today) is None
    assert told["HP-10235"].days_late(today) == 6
    delivered = told["HP-18853"].delivered
    assert delivered is not None
    assert (today - delivered).days > 30


def test_an_order_not_delivered_ten_working_days_late_is_lost(shop: DemoShop) -> None:
    late = order(shop, "HP-10235", "anna@example.com")
    assert replace(late, promised=date(2026, 11, 2)).trouble(date(2026, 11, 13)) == "late"
    assert replace(late, promised=date(2026, 11, 2)).trouble(date(2026, 11, 16)) == "lost"


def test_cancelling_twice_is_cancelling_once(shop: DemoShop) -> None:
    before = order(shop, "HP-10236", "anna@example.com")
    assert shop.cancel(before) == shop.cancel(before)
    assert order(shop, "HP-10236", "anna@example.com").status == "cancelled"
    assert [request.kind for request in shop.requests("HP-10236")] == ["cancel"]


def test_the_last_address_given_counts(shop: DemoShop) -> None:
    before = order(shop, "HP-20816", "li.wei@example.com")
    shop.change_address(before, "1 Old Street")
    shop.change_address(before, "2 New Street")
    assert order(shop, "HP-20816", "li.wei@example.com").address == "2 New Street"
    assert [request.detail for request in shop.requests("HP-20816")] == ["2 New Street"]


def test_several_threads_record_one_refund_request(shop: DemoShop) -> None:
    damaged = order(shop, "HP-20817", "li.wei@example.com")
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(shop.request_refund, [damaged] * 8, ["broken"] * 8))
    assert {request.reference for request in made} == {"HP-20817-R"}
    assert len(shop.requests("HP-20817")) == 1


def test_refund_and_return_of_one_order_are_two_requests(shop: DemoShop) -> None:
    damaged = order(shop, "HP-20817", "li.wei@example.com")
    refund, sent_back = (
        shop.request_refund(damaged, "broken"),
        shop.request_return(damaged, "broken"),
    )
    assert refund.reference != sent_back.reference
    assert len(shop.requests("HP-20817")) == 2


def test_a_missing_or_damaged_file_is_a_back_office_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(BackofficeDown):
        DemoShop(tmp_path / "shop.db").find_order("HP-10234", "anna@example.com")
    (tmp_path / "shop.db").write_text("not a database, and long enough to look like one" * 100)
    with pytest.raises(BackofficeDown):
        DemoShop(tmp_path / "shop.db").find_order("HP-10234", "anna@example.com")


def test_opening_again_keeps_what_happened(tmp_path: Path) -> None:
    shop = open_demo_shop(tmp_path)
    shop.cancel(order(shop, "HP-10236", "anna@example.com"))
    again = open_demo_shop(tmp_path)
    assert order(again, "HP-10236", "anna@example.com").status == "cancelled"
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


def test_a_locked_file_changes_nothing(shop: DemoShop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = order(shop, "HP-10236", "anna@example.com")
    monkeypatch.setattr("assistant.backoffice.BUSY_SECONDS", 0.05)
    blocker = sqlite3.connect(shop.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(BackofficeDown):
        shop.cancel(before)
    blocker.close()
    assert order(shop, "HP-10236", "anna@example.com").status == "processing"
