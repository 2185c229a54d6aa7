"""Corrections in the middle of a task: taken, shown, asked about again, and never ignored."""

import asyncio
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.actions import build_executor
from assistant.actions.address import MAX_LENGTH, address_in, corrected, corrects, without_lead
from assistant.orders.demo_shop import DemoShop, open_demo_shop
from knowledge_base.search.reloading import KnowledgeBase
from tests.assistant.form_loop import FormLoop

ORDER = {"order_number": "HP-10236", "email": "anna@example.com"}
FIRST = "14 Redland Road, Bristol BS6 6QT"

# What a customer may say to "Shall I send it to this address instead?", and its likely intent.
YES = [("yes", "affirm"), ("yes please", "affirm"), ("好的", "affirm"), ("确认", "affirm")]
NO = [("no", "deny"), ("不要", "deny"), ("no thanks", "deny")]
CORRECTIONS = [
    ("sorry, I meant 41 Baker Street", "nlu_fallback"),
    ("no, 2 Oxford Road", "deny"),
    ("不对，是2号", "deny"),
    ("yes but 41 Baker Street", "affirm"),
    ("number 18 please", "inform"),
    ("wait, it should be 9 Mill Lane, Bath BA1 1AA", "affirm"),
    ("ok but flat 3, 9 Mill Lane", "affirm"),
    ("应该是人民路8号", "affirm"),
    ("7 High Street, Leeds LS1 1AA", "inform"),
]
ASIDES = [
    ("do I have to pay for that?", "ask_delivery_costs"),
    ("can you speak Chinese?", "languages"),
    ("thanks", "thank"),
    ("要多久？", "ask_delivery_times"),
    ("hm", "remark"),
]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Please change the address of HP-10236 to 12 Oxford Road, London N1 4AB", True),
        ("地址改成北京市朝阳区建国路8号", True),
        ("I want to change my address", False),
        ("can you send it to my mum instead", False),
    ],
)
def test_an_address_given_with_the_wish_is_not_asked_for(text: str, address: bool) -> None:
    assert (address_in(text) is not None) == address
    assert "HP-10236" not in (address_in(text) or "")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sorry, I meant 41 Baker Street", "41 Baker Street, Bristol BS6 6QT"),
        ("no, 2 Oxford Road", "2 Oxford Road, Bristol BS6 6QT"),
        ("not 14 but 41", "41 Redland Road, Bristol BS6 6QT"),
        ("it's 41 not 14", "41 Redland Road, Bristol BS6 6QT"),
        ("sorry its 41 not 14", "41 Redland Road, Bristol BS6 6QT"),
        ("sorry its 41 not 14. new house brain", "41 Redland Road, Bristol BS6 6QT"),
        ("no, 2 St. Mary's Road", "2 St. Mary's Road, Bristol BS6 6QT"),
        ("oops, it should be 9 Mill Lane, Bath BA1 1AA", "9 Mill Lane, Bath BA1 1AA"),
    ],
)
def test_a_correction_changes_the_part_that_it_names(text: str, address: str) -> None:
    assert corrects(text)
    assert corrected(text, FIRST) == address


def test_a_chinese_house_number_is_the_one_that_is_corrected() -> None:
    before = "上海市徐汇区衡山路 12 弄 8 号"
    assert corrected("不对，是2号", before) == "上海市徐汇区衡山路 12 弄 2 号"
    assert corrected("不是8号，是9号", before) == "上海市徐汇区衡山路 12 弄 9 号"


def test_the_number_of_a_flat_or_building_replaces_its_own() -> None:
    before = "Flat 3, Building 7, Mill Lane, Bath"
    assert corrected("sorry, flat 5", before) == "flat 5, Building 7, Mill Lane, Bath"
    assert corrected("no, building 9", before) == "Flat 3, building 9, Mill Lane, Bath"


def test_what_follows_an_address_is_no_part_of_it() -> None:
    said = "my new address is 7 Mill Lane, Bath BA1 1AA. thanks, i am at work till five"
    assert without_lead(said) == "7 Mill Lane, Bath BA1 1AA"


@pytest.mark.parametrize("filler", [" ", "!", ".", "no ", "1", "thanks ", "不是，", "- ", "号"])
@pytest.mark.parametrize(
    ("begin", "end"), [("", "x"), ("change it to 1", "x"), ("1", "@"), ("no 1", "号x")]
)
def test_the_longest_message_of_any_shape_is_read_at_once(
    begin: str, filler: str, end: str
) -> None:
    # A pattern that is cubic in the length would take hours here.
    text = (begin + filler * 4_000)[:4_000] + end
    assert len(address_in(text) or "") <= MAX_LENGTH
    assert len(corrected(text, FIRST)) <= MAX_LENGTH
    assert corrects(text) in (True, False)


@pytest.mark.parametrize("text", ["yes", "no", "好的", "thanks", "leave it", "算了"])
def test_a_plain_answer_corrects_nothing(text: str) -> None:
    assert not corrects(text)


def shown_address(loop: FormLoop) -> str | None:
    """The address in the question whether to use it."""
    asked = [reply["text"] for reply in loop.said if reply["key"] == "confirm.change_address"]
    found = re.search(r"instead\? (.*)$", asked[-1]) if asked else None
    return found[1] if found else None


async def _talk(knowledge: KnowledgeBase, shop: DemoShop, said: list[tuple[str, str]]) -> None:
    loop = FormLoop(
        build_executor(knowledge, shop),
        {"task": "change_address", "requested_slot": "new_address", "language": "en", **ORDER},
    )
    await loop.say(FIRST, "inform")
    shown = shown_address(loop)
    assert shown == FIRST
    for text, intent in said:
        await loop.say(text, intent)
        done = [request.detail for request in shop.requests("HP-10236")]
        if (text, intent) not in YES:
            assert done == []
        if loop.ended:
            assert done in ([], [shown])
            assert (done == [shown]) == ((text, intent) in YES)
            return
        if (text, intent) in CORRECTIONS:
            assert shown_address(loop) is not None
        shown = shown_address(loop) or shown


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(YES + NO + CORRECTIONS + ASIDES), max_size=6, unique=True))
def test_nothing_is_sent_to_an_address_that_was_corrected(
    knowledge: KnowledgeBase, said: list[tuple[str, str]]
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_talk(knowledge, open_demo_shop(Path(folder)), said))


async def test_a_yes_for_another_order_is_asked_about_again(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    loop = FormLoop(
        build_executor(knowledge, shop),
        {"task": "cancel_order", "requested_slot": "confirmed", "language": "en", **ORDER},
    )
    await loop.say("yes, and HP-18852, tom.reed@example.com", "affirm")
    assert not loop.ended
    assert shop.requests("HP-10236") == shop.requests("HP-18852") == []
    assert "HP-18852" in loop.said[-1]["text"]


@pytest.mark.parametrize(
    ("text", "intent"),
    [("no, it arrived broken", "deny"), ("yes, because it is too big", "affirm")],
)
async def test_another_reason_is_shown_before_anything_is_registered(
    knowledge: KnowledgeBase, shop: DemoShop, text: str, intent: str
) -> None:
    order = {"order_number": "HP-21441", "email": "wang.fang@example.com", "reason": "no longer"}
    loop = FormLoop(
        build_executor(knowledge, shop),
        {"task": "return_item", "requested_slot": "confirmed", "language": "en", **order},
    )
    await loop.say(text, intent)
    assert shop.requests("HP-21441") == []
    assert loop.said[-1]["key"] == "confirm.return_item"
    assert "no longer" not in loop.said[-1]["text"]
    await loop.say("yes", "affirm")
    (request,) = shop.requests("HP-21441")
    assert request.detail in text


async def test_fifty_corrections_in_a_row_are_all_taken(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    loop = FormLoop(
        build_executor(knowledge, shop),
        {"task": "change_address", "requested_slot": "new_address", "language": "en", **ORDER},
    )
    await loop.say(FIRST, "inform")
    for number in range(50):
        await loop.say(f"sorry, it's {number + 100} Redland Road, Bristol BS6 6QT", "inform")
        assert shown_address(loop) == f"{number + 100} Redland Road, Bristol BS6 6QT"
    await loop.say("yes", "affirm")
    (request,) = shop.requests("HP-10236")
    assert request.detail == "149 Redland Road, Bristol BS6 6QT"


@pytest.mark.parametrize(
    ("text", "intent", "cancelled"),
    [
        ("那取消", "never_mind", True),
        ("cancel it then", "cancel_order", True),
        ("取消吧", "deny", True),
        ("先别取消", "never_mind", False),
        ("don't cancel it", "affirm", False),
        ("wait, before you cancel", "affirm", False),
        ("do I pay if I cancel?", "ask_cancellation_fee", False),
    ],
)
async def test_a_wish_in_the_words_of_the_task_confirms_it(
    knowledge: KnowledgeBase, shop: DemoShop, text: str, intent: str, cancelled: bool
) -> None:
    loop = FormLoop(
        build_executor(knowledge, shop),
        {"task": "cancel_order", "requested_slot": "order_number", "language": "en"},
    )
    await loop.say("HP-10236, anna@example.com", "inform")
    await loop.say(text, intent)
    assert [request.kind for request in shop.requests("HP-10236")] == ["cancel"] * cancelled


async def test_a_corrected_number_is_looked_up_with_the_address_that_was_given(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    loop = FormLoop(
        build_executor(knowledge, shop),
        {"task": "cancel_order", "requested_slot": "order_number", "language": "en"},
    )
    await loop.say("HP-99999, anna@example.com", "inform")
    assert loop.said[0]["key"] == "order.not_found"
    await loop.say("sorry, HP-10236", "inform")
    assert loop.said[-1]["key"] == "confirm.cancel_order"
