"""Orders: found only with their e-mail, written once; built in and over HTTP alike."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.orders.demo_data import orders
from assistant.orders.demo_shop import DemoShop, open_demo_shop
from assistant.orders.port import (
    Backoffice,
    BackofficeDown,
    Order,
    RequestKind,
    RequestRefused,
    today_utc,
)


def order(backoffice: Backoffice, number: str, email: str) -> Order:
    found = backoffice.find_order(number, email)
    assert found is not None
    return found


def test_an_order_needs_its_own_email(backoffice: Backoffice) -> None:
    assert order(backoffice, "HP-10234", "Anna@Example.com").item("en") == "brass table lamp"
    assert backoffice.find_order("HP-10234", "li.wei@example.com") is None
    assert backoffice.find_order("HP-00000", "anna@example.com") is None


def test_an_order_is_told_whole(backoffice: Backoffice) -> None:
    for made in orders(today_utc()):
        assert order(backoffice, made.number, made.email) == made


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


def test_cancelling_twice_is_cancelling_once(backoffice: Backoffice, shop: DemoShop) -> None:
    first = backoffice.submit("HP-10236", RequestKind.CANCEL)
    assert backoffice.submit("HP-10236", RequestKind.CANCEL) == first
    assert order(backoffice, "HP-10236", "anna@example.com").status == "cancelled"
    assert [request.kind for request in shop.requests("HP-10236")] == ["cancel"]


def test_the_last_address_given_counts(backoffice: Backoffice, shop: DemoShop) -> None:
    for address in ("1 Old Street", "2 New Street", "1 Old Street", "3 高街"):
        backoffice.submit("HP-20816", RequestKind.ADDRESS, address)
        assert order(backoffice, "HP-20816", "li.wei@example.com").address == address
    assert [request.detail for request in shop.requests("HP-20816")] == ["3 高街"]


def test_several_threads_record_one_refund_request(backoffice: Backoffice, shop: DemoShop) -> None:
    def ask(reason: str) -> str:
        return backoffice.submit("HP-20817", RequestKind.REFUND, reason)

    with ThreadPoolExecutor(4) as pool:
        references = set(pool.map(ask, ["broken"] * 8))
    assert references == {"HP-20817-R"}
    assert len(shop.requests("HP-20817")) == 1


def test_refund_and_return_of_one_order_are_two_requests(
    backoffice: Backoffice, shop: DemoShop
) -> None:
    kinds = (RequestKind.REFUND, RequestKind.RETURN)
    assert len({backoffice.submit("HP-20817", kind, "broken") for kind in kinds}) == 2
    assert len(shop.requests("HP-20817")) == 2


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("HP-10234", RequestKind.CANCEL),  # dispatched
        ("HP-44121", RequestKind.ADDRESS),  # cancelled
        ("HP-10236", RequestKind.REFUND),  # not dispatched yet
        ("HP-10234", RequestKind.RETURN),  # not delivered yet
        ("HP-00000", RequestKind.CANCEL),  # no such order
    ],
)
def test_what_an_order_does_not_allow_changes_nothing(
    backoffice: Backoffice, shop: DemoShop, number: str, kind: RequestKind
) -> None:
    with pytest.raises(RequestRefused):
        backoffice.submit(number, kind, "1 Old Street")
    assert shop.requests(number) == []


def test_a_missing_or_damaged_file_is_a_back_office_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(BackofficeDown):
        DemoShop(tmp_path / "shop.db").find_order("HP-10234", "anna@example.com")
    (tmp_path / "shop.db").write_text("not a database, and long enough to look like one" * 100)
    with pytest.raises(BackofficeDown):
        DemoShop(tmp_path / "shop.db").find_order("HP-10234", "anna@example.com")


def test_opening_again_keeps_what_happened(tmp_path: Path) -> None:
    shop = open_demo_shop(tmp_path)
    shop.submit("HP-10236", RequestKind.CANCEL)
    again = open_demo_shop(tmp_path)
    assert order(again, "HP-10236", "anna@example.com").status == "cancelled"
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


def test_a_locked_file_changes_nothing(shop: DemoShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.orders.demo_shop.BUSY_SECONDS", 0.05)
    blocker = sqlite3.connect(shop.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(BackofficeDown):
        shop.submit("HP-10236", RequestKind.CANCEL)
    blocker.close()
    assert order(shop, "HP-10236", "anna@example.com").status == "processing"
