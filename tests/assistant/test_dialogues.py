"""Whole conversations with the trained bot, in both languages."""

from dataclasses import replace

import pytest

from assistant.orders.demo_shop import DemoShop
from assistant.orders.port import RequestKind
from assistant.reply import Answer
from tests.assistant.conftest import Chat
from tests.assistant.wordings import replace_texts

pytestmark = [pytest.mark.rasa, pytest.mark.asyncio(loop_scope="session")]

ANNA, LI_WEI = "anna@example.com", "li.wei@example.com"
PERSON = {"en": "Talk to a person", "zh": "转人工客服"}


def said(answer: Answer) -> str:
    return "\n".join(reply.text for reply in answer.replies)


def sources(answer: Answer) -> list[str]:
    return [source.article for reply in answer.replies for source in reply.sources]


def choices(answer: Answer) -> list[str]:
    return [choice.title for reply in answer.replies for choice in reply.choices]


def kinds(shop: DemoShop, number: str) -> list[str]:
    return [request.kind for request in shop.requests(number)]


# --- questions


async def test_a_question_is_answered_with_its_source(chat: Chat) -> None:
    answer = await chat.say("What is your refund policy?")
    [reply] = answer.replies
    assert answer.intent == "ask_refund_policy"
    assert reply.answered is True
    assert reply.sources[0].url == "/help/en/refund-policy"


async def test_a_chinese_question_is_answered_in_chinese(chat: Chat) -> None:
    chat.language = "zh"
    answer = await chat.say("请问你们支持哪些付款方式？")
    assert answer.replies[0].sources[0].url == "/help/zh/payment-methods"
    assert "支付宝" in said(answer)


async def test_traditional_chinese_is_understood(chat: Chat) -> None:
    chat.language = "zh"
    assert sources(await chat.say("請問退款政策是什麼？")) == ["refund-policy"]


async def test_the_language_may_change_in_the_middle(chat: Chat) -> None:
    await chat.say("hello")
    answer = await replace(chat, language="zh").say("谢谢")
    assert "不客气" in said(answer)


async def test_a_miss_is_admitted_and_leaves_the_offer_of_a_person_to_the_policy(
    chat: Chat,
) -> None:
    first = await chat.say("Who founded the company?")
    second = await chat.say("Are your rugs allergen tested?")
    for answer in (first, second):
        assert answer.replies[0].answered is False
        assert len(choices(answer)) == 3
        assert PERSON["en"] not in choices(answer)


async def test_yes_to_an_offered_person_wants_that_person(chat: Chat) -> None:
    assert PERSON["en"] in choices(await chat.say("this is so frustrating!!!"))
    assert (await chat.say("yes")).intent == "want_person"


async def test_changing_every_text_changes_nothing_that_choices_do(
    chat: Chat, shop: DemoShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_texts(monkeypatch)
    await chat.say("How can I return something?")
    asked = await chat.choose("task.return_item")
    assert asked.replies[-1].key == "ask.order_number"
    await chat.say("HP-21441 wang.fang@example.com")
    asked = await chat.choose("reason.changed_mind")
    assert asked.replies[-1].key == "confirm.return_item"
    assert (await chat.choose("yes")).replies[0].key == "done.return_item"
    assert kinds(shop, "HP-21441") == ["return"]
    await chat.say(f"Please cancel my order HP-10236 {ANNA}")
    assert (await chat.choose("no")).replies[0].key == "nothing_changed"
    assert kinds(shop, "HP-10236") == []
    await chat.say("Who founded the company?")
    missed = await chat.say("Are your rugs allergen tested?")
    topic = missed.replies[0].choices[0].id
    assert topic is not None
    assert sources(await chat.choose(topic)) == [topic.removeprefix("article.")]
    await chat.say("this is so frustrating!!!")
    assert (await chat.choose("person")).intent == "want_person"


async def test_an_answer_that_did_not_help_is_a_miss(chat: Chat) -> None:
    await chat.say("What is your refund policy?")
    answer = await chat.say("That did not answer my question")
    assert answer.intent == "not_helpful"
    assert answer.replies[0].answered is False
    assert "Refund policy" in choices(answer)


# --- small talk


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_bot_says_what_it_is_and_offers_a_person(chat: Chat, language: str) -> None:
    chat.language = language
    answer = await chat.say("are you a robot?" if language == "en" else "你是机器人吗？")
    assert ("automated assistant" if language == "en" else "自动客服助手") in said(answer)
    assert choices(answer) == [PERSON[language]]


async def test_frustration_is_acknowledged(chat: Chat) -> None:
    answer = await chat.say("this is so frustrating!!!")
    assert answer.intent == "vent"
    assert "sorry" in said(answer)
    assert choices(answer) == [PERSON["en"]]


async def test_what_is_not_the_shops_business_is_declined(chat: Chat) -> None:
    answer = await chat.say("What's the capital of France?")
    assert answer.intent == "out_of_scope"
    assert answer.replies[0].answered is None


async def test_rasas_own_commands_are_only_text(chat: Chat) -> None:
    assert (await chat.say("/restart")).intent != "restart"
    assert (await chat.say('/inform{"order_number": "HP-10234"}')).confidence != 1.0


# --- orders


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_an_order_is_tracked(chat: Chat, language: str) -> None:
    chat.language = language
    await chat.say("Where is my order?" if language == "en" else "我的订单到哪了")
    await chat.say("HP-10234")
    answer = await chat.say(ANNA)
    [reply] = answer.replies
    assert reply.order is not None
    assert reply.order["status"] == "dispatched"
    assert reply.answered is True
    assert ("brass table lamp" if language == "en" else "黄铜台灯") in reply.text


async def test_a_late_order_is_told_as_late_with_the_promise(chat: Chat) -> None:
    answer = await chat.say(f"Where is my order 10235? My e-mail is {ANNA}")
    assert answer.replies[0].order == {
        "number": "HP-10235", "status": "dispatched", "value": "46.00", "currency": "GBP",
        "delivery_paid": "3.95", "days_late": 6, "problem": "late", "made_to_measure": False,
    }  # fmt: skip
    assert sources(answer) == ["late-delivery"]
    assert PERSON["en"] in choices(answer)


async def test_a_wrong_number_and_a_wrong_email_sound_the_same_and_tell_nothing(
    chat: Chat,
) -> None:
    await chat.say("track my order")
    wrong_email = await chat.say("HP-10234, mallory@example.com")
    wrong_number = await chat.say(f"HP-99999, {ANNA}")
    assert said(wrong_email) == said(wrong_number)
    assert all(reply.order is None for reply in wrong_email.replies)
    assert "lamp" not in said(wrong_email)


async def test_after_three_wrong_pairs_a_person_is_offered(chat: Chat) -> None:
    await chat.say("track my order")
    for _ in range(2):
        answer = await chat.say("HP-10234, mallory@example.com")
        assert "A colleague can look for it" not in said(answer)
    last = await chat.say("HP-10234, mallory@example.com")
    assert "A colleague can look for it" in said(last)
    assert choices(last) == [PERSON["en"]]
    assert last.replies[0].answered is False
    assert "order number" not in await chat.told("thanks")


async def test_what_is_no_order_number_is_said_to_be_none(chat: Chat) -> None:
    await chat.say("track my order")
    assert "doesn't look like" in await chat.told("number 12")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_cancelling_takes_a_yes(chat: Chat, shop: DemoShop, language: str) -> None:
    chat.language = language
    await chat.say("Please cancel my order" if language == "en" else "帮我取消订单")
    asked = await chat.say(f"HP-10236 {ANNA}")
    assert choices(asked) == (["Yes", "No"] if language == "en" else ["是的", "不用了"])
    assert kinds(shop, "HP-10236") == []
    done = await chat.say(choices(asked)[0])
    assert kinds(shop, "HP-10236") == ["cancel"]
    assert done.replies[0].order is not None
    assert done.replies[0].order["status"] == "cancelled"


@pytest.mark.parametrize(("language", "no"), [("en", "No"), ("zh", "不用了")])
async def test_a_no_changes_nothing(chat: Chat, shop: DemoShop, language: str, no: str) -> None:
    chat.language = language
    await chat.say("Please cancel my order" if language == "en" else "帮我取消订单")
    await chat.say(f"HP-10236 {ANNA}")
    await chat.say(no)
    assert kinds(shop, "HP-10236") == []


async def test_the_fee_for_made_to_measure_is_told_before_the_yes(chat: Chat) -> None:
    await chat.say("cancel my order")
    assert "15 %" in await chat.told("HP-21440 wang.fang@example.com")


async def test_an_order_on_its_way_cannot_be_cancelled(chat: Chat, shop: DemoShop) -> None:
    await chat.say("cancel my order")
    answer = await chat.say(f"HP-10234 {ANNA}")
    assert "already been dispatched" in said(answer)
    await chat.say("yes")
    assert kinds(shop, "HP-10234") == []


@pytest.mark.parametrize(
    ("language", "question"), [("en", "How can I cancel an order?"), ("zh", "怎么取消订单？")]
)
async def test_asking_how_explains_and_offers_the_task(
    chat: Chat, language: str, question: str
) -> None:
    chat.language = language
    (reply,) = (await chat.say(question)).replies
    assert [source.article for source in reply.sources] == ["cancel-an-order"]
    (begin,) = reply.choices
    asked = await chat.say(begin.text)
    assert "HP-10234" in asked.replies[-1].text
    assert asked.replies[-1].answered is None


async def test_a_question_on_the_cost_of_a_return_is_answered(chat: Chat) -> None:
    chat.language = "zh"
    assert sources(await chat.say("退货要运费吗")) == ["returns"]


async def test_asking_how_starts_no_form(chat: Chat) -> None:
    await chat.say("How can I return something?")
    answer = await chat.say("Do you have gift cards?")
    assert [reply.answered for reply in answer.replies] == [True]


@pytest.mark.parametrize(
    ("language", "wish", "address"),
    [
        ("en", "I need to change the delivery address", "12 Park Street, Bristol BS1 5HX"),
        ("zh", "我要修改收货地址", "伦敦唐人街爵禄街 88 号 W1D 5QG"),
        ("en", "change my delivery address", "12 rue de Rivoli, 75001 Paris"),
    ],
)
async def test_an_address_is_changed(
    chat: Chat, shop: DemoShop, language: str, wish: str, address: str
) -> None:
    chat.language = language
    await chat.say(wish)
    await chat.say(f"HP-20816 {LI_WEI}")
    asked = await chat.say(address)
    assert address in said(asked)
    await chat.say(choices(asked)[0])
    changed = shop.find_order("HP-20816", LI_WEI)
    assert changed is not None
    assert changed.address == address


@pytest.mark.parametrize(
    ("language", "wish", "reason"),
    [("en", "I want my money back", "I changed my mind"), ("zh", "我要申请退款", "不想要了")],
)
async def test_a_refund_is_requested_and_none_is_promised(
    chat: Chat, shop: DemoShop, language: str, wish: str, reason: str
) -> None:
    chat.language = language
    await chat.say(wish)
    why = await chat.say("HP-21441 wang.fang@example.com")
    assert reason in choices(why)
    asked = await chat.say(reason)
    done = await chat.say(choices(asked)[0])
    assert [request.detail for request in shop.requests("HP-21441")] == [reason]
    assert "£" not in said(done)


@pytest.mark.parametrize(
    ("language", "wish", "reason"),
    [("en", "I want my money back", "It arrived damaged"), ("zh", "我要申请退款", "商品破损")],
)
async def test_a_reason_that_the_order_shows_is_not_asked_for(
    chat: Chat, shop: DemoShop, language: str, wish: str, reason: str
) -> None:
    chat.language = language
    await chat.say(wish)
    asked = await chat.say(f"HP-20817 {LI_WEI}")
    assert reason in said(asked)
    await chat.say(choices(asked)[0])
    assert [request.detail for request in shop.requests("HP-20817")] == [reason]


@pytest.mark.parametrize(
    ("language", "wish", "said_then"),
    [
        ("en", "I want to return an item", "yes"),
        ("en", "I want to return an item", "who pays the postage"),
        ("en", "I want to return an item", "actually no, leave it"),
        ("en", "I want to return an item", "no thanks"),
        ("en", "I want to return an item", "let's drop it"),
        ("zh", "我想退货", "算了吧"),
        ("zh", "我想退货", "嗯嗯"),
        ("zh", "我想退货", "退回去邮费谁出呀"),
        ("zh", "我想退货", "还是别退了，换个颜色行不行"),
    ],
)
async def test_what_is_no_reason_is_not_taken_for_one(
    chat: Chat, shop: DemoShop, language: str, wish: str, said_then: str
) -> None:
    chat.language = language
    await chat.say(wish)
    await chat.say("HP-21441 wang.fang@example.com")
    assert said_then not in await chat.told(said_then)
    assert kinds(shop, "HP-21441") == []


@pytest.mark.parametrize(
    ("wish", "order", "words"),
    [
        ("I want to return an item", "HP-21441 wang.fang@example.com", "no longer needed"),
        (
            "I want to return an item",
            "HP-21441 wang.fang@example.com",
            "it clashes, I can't keep it",
        ),
        ("I want to return an item", "HP-21441 wang.fang@example.com", "I don't need it any more"),
        ("我想退货", "HP-21441 wang.fang@example.com", "不是我想的那个颜色"),
        ("我想退货", "HP-21441 wang.fang@example.com", "不喜欢"),
        ("change my delivery address", f"HP-20816 {LI_WEI}", "No. 5 Castle Terrace, Edinburgh"),
        (
            "change my delivery address",
            f"HP-20816 {LI_WEI}",
            "12 Park Street, Bristol, please leave it with the porter",
        ),
    ],
)
async def test_what_was_asked_for_is_taken_though_it_sounds_like_a_no(
    chat: Chat, wish: str, order: str, words: str
) -> None:
    chat.language = "zh" if wish.startswith("我") else "en"
    await chat.say(wish)
    await chat.say(order)
    assert words in await chat.told(words)


@pytest.mark.parametrize(
    ("language", "wish", "taken_back"),
    [
        ("en", "Please cancel my order", "hmm actually no, how long would a refund take?"),
        ("en", "Please cancel my order", "don't cancel it, what are your opening hours?"),
        ("zh", "帮我取消订单", "还是别取消了，你们几点下班？"),
    ],
)
async def test_taking_a_request_back_is_no_confirmation(
    chat: Chat, shop: DemoShop, language: str, wish: str, taken_back: str
) -> None:
    chat.language = language
    await chat.say(wish)
    await chat.say(f"HP-10236 {ANNA}")
    await chat.say(taken_back)
    await chat.say("yes" if language == "en" else "是的")
    assert kinds(shop, "HP-10236") == []


async def test_a_return_after_an_order_that_is_under_way_takes_the_other_one(
    chat: Chat, shop: DemoShop
) -> None:
    await chat.say("where is HP-21440? wang.fang@example.com")
    other = await chat.say("I want to return something else")
    assert "not been delivered yet" in said(other)
    assert "another order" in other.replies[-1].text
    assert "reason" in await chat.told("HP-21441")


async def test_an_order_number_alone_says_what_a_message_is_about(chat: Chat) -> None:
    told = await chat.told("nope the other thing, HP-18860, tom.reed@example.com")
    assert "glass pendant lamp" in told
    assert "linen bedding" in await chat.told("and HP-18853 never came either")


@pytest.mark.parametrize(
    ("language", "helped", "glad"), [("en", "Yes, that helped", "glad"), ("zh", "有帮助", "高兴")]
)
async def test_an_answer_that_helped_is_taken_as_such(
    chat: Chat, language: str, helped: str, glad: str
) -> None:
    chat.language = language
    answer = await chat.say(helped)
    assert answer.intent == "helpful"
    assert glad in said(answer)


@pytest.mark.parametrize(
    ("language", "wish", "reason"),
    [("en", "I'd like to return an item", "I changed my mind"), ("zh", "我想退货", "不想要了")],
)
async def test_a_return_is_registered(
    chat: Chat, shop: DemoShop, language: str, wish: str, reason: str
) -> None:
    chat.language = language
    await chat.say(wish)
    await chat.say("HP-21441 wang.fang@example.com")
    asked = await chat.say(reason)
    await chat.say(choices(asked)[0])
    assert kinds(shop, "HP-21441") == ["return"]


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ("HP-18853 tom.reed@example.com", "more than 30 days ago"),
        ("HP-10236 anna@example.com", "not been delivered yet"),
        ("HP-44121 jane.doe@example.com", "already been cancelled"),
    ],
)
async def test_what_cannot_be_returned_is_told_why(chat: Chat, order: str, why: str) -> None:
    await chat.say("I want to return something")
    assert why in await chat.told(order)


# --- interruptions


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_question_in_between_is_answered_and_the_form_goes_on(
    chat: Chat, language: str
) -> None:
    chat.language = language
    english = language == "en"
    await chat.say("Where is my order?" if english else "我的订单到哪了")
    await chat.say("HP-10234")
    answer = await chat.say("What are your opening hours?" if english else "你们几点上班？")
    assert sources(answer) == ["opening-hours"]
    assert answer.replies[-1].text == (
        "Which e-mail address was the order placed with?"
        if english
        else "请问下单时用的是哪个邮箱？"
    )
    assert (await chat.say(ANNA)).replies[0].order is not None


@pytest.mark.parametrize(("language", "stop"), [("en", "never mind"), ("zh", "算了"), ("en", "no")])
async def test_the_customer_may_stop(chat: Chat, language: str, stop: str) -> None:
    chat.language = language
    await chat.say("cancel my order" if language == "en" else "取消订单")
    stopped = await chat.say(stop)
    assert ("stopped" if language == "en" else "停下") in said(stopped)
    assert len((await chat.say("thanks" if language == "en" else "谢谢")).replies) == 1


async def test_another_task_takes_over_with_the_order_known(chat: Chat) -> None:
    await chat.say("where is my order")
    await chat.say(f"HP-10236 {ANNA}")
    assert "Shall I cancel order HP-10236" in await chat.told("I want to cancel the order")


async def test_a_task_may_change_in_the_middle_of_the_form(chat: Chat) -> None:
    await chat.say("I want to return an item")
    answer = await chat.say("No wait, please cancel my order HP-10236 instead")
    assert "e-mail" in said(answer)
    assert "Shall I cancel order HP-10236" in await chat.told(ANNA)


async def test_a_person_is_fetched_out_of_a_form(chat: Chat) -> None:
    await chat.say("where is my order")
    assert (await chat.say("let me talk to a human")).intent == "want_person"
    assert len((await chat.say("thanks")).replies) == 1


# --- complaints


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_complaint_is_heard_and_the_order_looked_at(chat: Chat, language: str) -> None:
    chat.language = language
    first = await chat.say("I want to make a complaint" if language == "en" else "我要投诉")
    assert sources(first) == ["complaints"]
    assert choices(first) == [PERSON[language]]
    answer = await chat.say(f"HP-20817 {LI_WEI}")
    assert answer.replies[0].order is not None
    assert answer.replies[0].order["problem"] == "damaged"
    assert choices(answer) == [PERSON[language]]


# --- when something is down


async def test_a_back_office_that_is_down_is_told_and_the_form_ends(
    chat: Chat, shop: DemoShop
) -> None:
    await chat.say("where is my order")
    shop.path.unlink()
    answer = await chat.say(f"HP-10234 {ANNA}")
    assert answer.replies[0].trouble == "backoffice_down"
    assert choices(answer) == [PERSON["en"]]
    assert len((await chat.say("thanks")).replies) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_wrong_address_may_be_corrected_alone(chat: Chat, language: str) -> None:
    chat.language = language
    await chat.say("track my order" if language == "en" else "查一下我的订单")
    await chat.say("HP-10235")
    refused = await chat.told("someone@example.com")
    assert "HP-10235" not in refused
    assert "HP-10235" in await chat.told(ANNA)


async def test_a_wrong_number_may_be_corrected_alone(chat: Chat) -> None:
    await chat.say("track my order")
    await chat.say(f"HP-99999 {ANNA}")
    await chat.say("sorry, HP-10235")
    assert "HP-10235" in await chat.told(ANNA)


async def test_a_form_always_shows_the_way_to_a_person(chat: Chat) -> None:
    asked = await chat.say("track my order")
    assert [choice.title for choice in asked.replies[-1].choices] == ["Talk to a person"]


RUG = f"where is HP-10235? {ANNA}"
MUGS = f"where is HP-10236? {ANNA}"
CURTAINS = "where is HP-21440? wang.fang@example.com"


@pytest.mark.parametrize(
    ("language", "before", "question", "words"),
    [
        ("en", RUG, "when will it arrive then?", "no new date is known"),
        ("en", RUG, "why is it late?", "doesn't say why"),
        ("en", RUG, "can I get my delivery charge back?", "£3.95 back"),
        ("en", MUGS, "what does cancelling cost me?", "Nothing"),
        ("en", CURTAINS, "what does cancelling cost me?", "£31.50"),
        ("en", CURTAINS, "how much will I get back?", "£178.50"),
        ("en", MUGS, "can I still cancel it?", "Shall I cancel order HP-10236"),
        ("en", MUGS, "cancel it then", "Shall I cancel order HP-10236"),
        ("en", MUGS, "can you change the address?", "new address"),
        ("en", "where is HP-31991? priya.shah@example.com", "was I charged twice?", "Yes"),
        ("en", RUG, "was I charged twice?", "one charge"),
        ("zh", f"HP-10236 到哪了 {ANNA}", "还能取消吗", "确定要取消订单 HP-10236"),
        ("zh", f"HP-10235 到哪了 {ANNA}", "那什么时候到", "没有新的送达日期"),
        ("zh", f"HP-10235 到哪了 {ANNA}", "运费能退吗", "£3.95"),
        ("zh", "HP-21440 到哪了 wang.fang@example.com", "取消要扣多少钱", "£31.50"),
    ],
)
async def test_a_question_is_about_the_order_just_shown(
    chat: Chat, language: str, before: str, question: str, words: str
) -> None:
    chat.language = language
    assert words in await chat.told(before, question)


@pytest.mark.parametrize(
    ("language", "first", "then", "words"),
    [
        ("en", "How do I return something?", "who pays the postage?", "Nothing in the UK"),
        ("en", "Do you deliver abroad?", "and to Norway?", "£24.95"),
        ("zh", "怎么退货？", "那邮费谁出", "英国境内"),
        ("zh", "你们寄到国外吗？", "那寄到台湾呢", "台湾"),
    ],
)
async def test_a_question_may_be_complete_only_with_the_one_before(
    chat: Chat, language: str, first: str, then: str, words: str
) -> None:
    chat.language = language
    assert words in await chat.told(first, then)


@pytest.mark.parametrize(
    ("language", "asked", "why", "words"),
    [
        ("en", f"cancel HP-10235 {ANNA}", "why not??", "already left our warehouse"),
        ("zh", f"取消 HP-10235 {ANNA}", "为什么", "已经离开仓库"),
    ],
)
async def test_a_refusal_is_explained_in_other_words(
    chat: Chat, language: str, asked: str, why: str, words: str
) -> None:
    chat.language = language
    assert words in await chat.told(asked, why)


async def test_two_orders_in_one_message_are_both_told(chat: Chat) -> None:
    told = await chat.told(f"Where are my orders HP-10235 and HP-10234? {ANNA}")
    assert "HP-10235" in told
    assert "HP-10234" in told
    assert "HP-10235" in await chat.told("and the other one?")


async def test_what_was_cancelled_cannot_be_kept(chat: Chat, shop: DemoShop) -> None:
    await chat.say(f"cancel HP-10236 {ANNA}")
    await chat.say("yes")
    assert kinds(shop, "HP-10236") == ["cancel"]
    assert "can't undo it" in await chat.told("actually I want to keep it")
    assert kinds(shop, "HP-10236") == ["cancel"]


async def test_a_return_that_is_registered_is_not_registered_again(
    chat: Chat, shop: DemoShop
) -> None:
    await chat.say("I want to return HP-21441 wang.fang@example.com")
    await chat.say("I changed my mind")
    await chat.say("yes")
    assert "registered already" in await chat.told("I want to return it")
    assert kinds(shop, "HP-21441") == ["return"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_question_about_the_task_is_answered_and_the_form_goes_on(
    chat: Chat, language: str
) -> None:
    chat.language = language
    begin, question, answer, asked = {
        "en": (
            "I want to return an item",
            "do I have to pay for the label?",
            "UK",
            "number",
        ),
        "zh": ("我要退货", "几天之内可以退？", "30天", "订单号"),
    }[language]
    await chat.say(begin)
    told = await chat.told(question)
    assert answer in told
    assert asked in told


async def test_a_policy_does_not_begin_a_form(chat: Chat) -> None:
    told = await chat.told("What's your returns policy for sale items?")
    assert "order number?" not in told


async def test_the_form_does_not_nag(chat: Chat) -> None:
    await chat.say("I want to return an item")
    asked = [
        await chat.told(question)
        for question in (
            "do you deliver on saturdays?",
            "which ways to pay are there?",
            "how much is a gift card?",
            "what are your opening hours?",
        )
    ]
    assert ["What is your order number?" in told for told in asked] == [True, False, False, False]
    assert "we can go on" in asked[1]
    assert "reason" in await chat.told("HP-21441 wang.fang@example.com")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("返品できますか", "英語と中国語"),
        ("¿Dónde está mi pedido? Lo compré hace dos semanas", "solo entiendo"),
        ("Где мой заказ?", "английский"),
    ],
)
async def test_another_language_is_told_which_ones_are_spoken(
    chat: Chat, text: str, words: str
) -> None:
    answer = await chat.say(text)
    assert words in answer.replies[0].text
    assert answer.replies[0].offers("person")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("I love my new rug", "praise"),
        ("what's your name", "your_name"),
        ("can you speak Chinese?", "languages"),
        ("can I send a photo of it?", "send_photo"),
        ("are you hiring?", "jobs"),
        ("my husband died last week", "hardship"),
        ("你叫什么名字呀", "your_name"),
        ("我老伴上个月走了", "hardship"),
        ("新地毯我太喜欢了", "praise"),
    ],
)
async def test_small_talk_gets_a_true_answer(chat: Chat, text: str, key: str) -> None:
    assert (await chat.say(text)).replies[0].key == key


async def test_an_order_that_changed_in_mid_dialogue_is_told_as_it_is_now(
    chat: Chat, shop: DemoShop
) -> None:
    await chat.say(MUGS)
    shop.submit("HP-10236", RequestKind.CANCEL)
    assert "cancelled" in await chat.told("can I still cancel it?")
    assert kinds(shop, "HP-10236") == ["cancel"]
