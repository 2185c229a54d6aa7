"""The orders of the demo shop, "Harbour & Pine", dated around the day on which they are made."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from assistant.orders.port import Order
from store.enums import OrderProblem, OrderStatus


class _Customer(NamedTuple):
    email: str
    address: str


_ANNA = _Customer("anna@example.com", "14 Redland Road, Bristol BS6 6QT")
_TOM = _Customer("tom.reed@example.com", "2 Quay Street, Cardiff CF10 1EA")
_PRIYA = _Customer("priya.shah@example.com", "81 Narborough Road, Leicester LE3 0LF")
_JANE = _Customer("jane.doe@example.com", "5 Castle Terrace, Edinburgh EH1 2DP")
_LI_WEI = _Customer("li.wei@example.com", "36 Gerrard Street, London W1D 5QF")
_WANG_FANG = _Customer("wang.fang@example.com", "9 Faulkner Street, Manchester M1 4DY")
_CHEN = _Customer("chen.yuting@example.com", "台北市大安區和平東路一段 129 號")
_ZHANG = _Customer("zhang.min@example.com", "上海市徐汇区衡山路 12 弄 8 号")

_DETAILS: dict[str, tuple[_Customer, str, str, str, str]] = {
    # number: customer, item in English, item in Chinese, value, delivery charge paid
    "HP-10234": (_ANNA, "brass table lamp", "黄铜台灯", "84.00", "0.00"),
    "HP-10235": (_ANNA, "wool rug, 120 × 180 cm", "羊毛地毯（120 × 180 厘米）", "46.00", "3.95"),
    "HP-10236": (_ANNA, "set of four stoneware mugs", "四件套陶杯", "32.00", "3.95"),
    "HP-18852": (_TOM, "oak side table", "橡木边桌", "139.00", "29.00"),
    "HP-18853": (_TOM, "linen bedding, double", "双人亚麻床品", "110.00", "0.00"),
    "HP-18860": (_TOM, "glass pendant lamp", "玻璃吊灯", "72.00", "0.00"),
    "HP-20816": (_LI_WEI, "bamboo steamer set", "竹蒸笼套装", "38.00", "3.95"),
    "HP-20817": (_LI_WEI, "porcelain dinner set", "瓷器餐具套装", "126.00", "0.00"),
    "HP-20818": (_LI_WEI, "floor lamp", "落地灯", "95.00", "0.00"),
    "HP-21440": (_WANG_FANG, "made-to-measure linen curtains", "定制亚麻窗帘", "210.00", "0.00"),
    "HP-21441": (_WANG_FANG, "two velvet cushions", "两个天鹅绒靠垫", "44.00", "3.95"),
    "HP-31990": (_PRIYA, "mango-wood bookshelf", "芒果木书架", "185.00", "29.00"),
    "HP-31991": (_PRIYA, "cotton throw, grey", "灰色棉毯", "39.00", "3.95"),
    "HP-31992": (_PRIYA, "made-to-measure roller blind", "定制卷帘", "96.00", "0.00"),
    "HP-44120": (_JANE, "ceramic vase", "陶瓷花瓶", "58.00", "7.95"),
    "HP-44121": (_JANE, "jute rug, 80 × 150 cm", "黄麻地毯（80 × 150 厘米）", "49.00", "3.95"),
    "HP-44122": (_JANE, "reading lamp", "阅读灯", "65.00", "0.00"),
    "HP-52301": (_CHEN, "tea set for six", "六人茶具", "88.00", "24.95"),
    "HP-52302": (_CHEN, "silk pillowcases", "真丝枕套", "54.00", "24.95"),
    "HP-60077": (_ZHANG, "bedside lamp", "床头灯", "61.00", "24.95"),
}

_HISTORIES: dict[str, tuple[OrderStatus, int, int, int | None, OrderProblem | None]] = {
    # number: status, working days from today when placed, promised, delivered; what was reported
    "HP-10234": (OrderStatus.DISPATCHED, -2, 2, None, None),
    "HP-10235": (OrderStatus.DISPATCHED, -11, -6, None, None),
    "HP-10236": (OrderStatus.PROCESSING, 0, 5, None, None),
    "HP-18852": (OrderStatus.PACKED, -1, 8, None, None),
    "HP-18853": (
        OrderStatus.DELIVERED,
        -33,
        -28,
        -28,
        None,
    ),  # too late to return
    "HP-18860": (OrderStatus.LOST, -20, -15, None, OrderProblem.LOST),
    "HP-20816": (OrderStatus.PROCESSING, 0, 4, None, None),
    "HP-20817": (OrderStatus.DELIVERED, -7, -2, -3, OrderProblem.DAMAGED),
    "HP-20818": (OrderStatus.DISPATCHED, -8, -3, None, None),
    "HP-21440": (OrderStatus.PROCESSING, -3, 12, None, None),
    "HP-21441": (OrderStatus.DELIVERED, -8, -3, -4, None),
    "HP-31990": (OrderStatus.DISPATCHED, -6, 3, None, None),
    "HP-31991": (OrderStatus.DISPATCHED, -2, 3, None, OrderProblem.DOUBLE_CHARGE),
    "HP-31992": (OrderStatus.PROCESSING, 0, 15, None, None),
    "HP-44120": (OrderStatus.DELIVERED, -4, -3, -3, OrderProblem.WRONG),
    "HP-44121": (OrderStatus.CANCELLED, -6, -1, None, None),
    "HP-44122": (OrderStatus.DELIVERED, -12, -7, -7, OrderProblem.MISSING),
    "HP-52301": (OrderStatus.DISPATCHED, -5, 7, None, None),
    "HP-52302": (OrderStatus.DELIVERED, -20, -8, -8, None),
    "HP-60077": (OrderStatus.PROCESSING, -1, 12, None, None),
}


def orders(today: date) -> list[Order]:
    """Return the demo shop's orders, dated some working days before and after `today`."""
    return [_order(number, today) for number in _DETAILS]


def _order(number: str, today: date) -> Order:
    customer, item_en, item_zh, value, delivery_paid = _DETAILS[number]
    status, placed, promised, delivered, problem = _HISTORIES[number]
    return Order(
        number=number,
        email=customer.email,
        item_en=item_en,
        item_zh=item_zh,
        status=status,
        placed=_working_day(today, placed),
        promised=_working_day(today, promised),
        delivered=None if delivered is None else _working_day(today, delivered),
        value=Decimal(value),
        delivery_paid=Decimal(delivery_paid),
        address=customer.address,
        problem=problem,
        made_to_measure="made-to-measure" in item_en,
        cancelled=_working_day(today, placed + 1) if status == OrderStatus.CANCELLED else None,
    )


def _working_day(today: date, offset: int) -> date:
    # Count back from the next working day and forward from the last one: weekends do not count.
    start = np.busday_offset(np.datetime64(today), 0, roll="forward" if offset < 0 else "backward")
    return date.fromisoformat(str(np.busday_offset(start, offset)))
