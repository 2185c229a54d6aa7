"""The chat widget in a browser, against the whole product."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.chat import HUMAN, Chat, Line

pytestmark = pytest.mark.browser

# As behind a proxy that does not know WebSockets: every one fails before it opens.
NO_SOCKETS = """
window.WebSocket = class {
  static OPEN = 1;
  constructor() { setTimeout(() => this.onclose({ code: 1006 })); }
  close() {}
};
"""


@pytest.mark.parametrize(
    ("language", "question", "article"),
    [
        ("en", "How long does delivery take?", "delivery-times"),
        ("zh", "忘记密码了怎么办？", "reset-password"),
    ],
)
def test_a_question_is_answered_with_its_source(
    visit: Callable[..., Page], language: str, question: str, article: str
) -> None:
    chat = Chat(visit(f"/?lang={language}")).open().say(question)
    source = chat.widget.locator(".sources a")
    expect(source).to_have_attribute("href", f"{origin(chat)}/help/{language}/{article}")
    chat.has_sent(question)


def test_a_greeting_offers_questions_as_buttons(chat: Chat) -> None:
    question = chat.widget.get_by_role("button", name="How much is delivery?")
    question.click()
    chat.has_sent("How much is delivery?")
    expect(chat.texts("assistant")).to_have_count(2)
    expect(question).to_be_hidden()


def test_html_is_shown_as_it_was_typed(chat: Chat) -> None:
    typed = "<img src=x onerror=\"document.title='taken'\"> <b>bold</b> & \u202eevil"
    chat.say(typed)
    expect(chat.texts("customer")).to_contain_text('<img src=x onerror="document.title=')
    expect(chat.widget.locator("img, b")).to_have_count(0)
    assert chat.page.title() != "taken"


def test_a_message_written_without_a_line_arrives_once(visit: Callable[..., Page]) -> None:
    page = visit("/help/en")
    line = Line(page)
    page.goto("/")
    chat = Chat(page).open().say("hello")
    expect(chat.texts("assistant")).to_have_count(2)
    line.cut()
    expect(chat.net).to_be_visible()
    chat.say("How much is delivery?")
    expect(chat.widget.locator(".item.pending")).to_have_count(1)
    line.mend()
    chat.has_sent("How much is delivery?")
    expect(chat.texts("assistant")).to_have_count(3)
    expect(chat.net).to_be_hidden()


def test_a_lost_acknowledgement_repeats_nothing(visit: Callable[..., Page]) -> None:
    page = visit("/help/en")
    line = Line(page)
    page.goto("/")
    chat = Chat(page).open().say("hello")
    expect(chat.texts("assistant")).to_have_count(2)
    line.deaf = True
    chat.say("How much is delivery?")
    line.wait_for("How much is delivery?")
    line.cut()
    line.mend()
    chat.has_sent("How much is delivery?")
    expect(chat.texts("assistant")).to_have_count(3)
    assert line.opened == 2


def test_a_reload_keeps_the_conversation_and_what_was_not_sent(
    visit: Callable[..., Page],
) -> None:
    page = visit("/help/en")
    line = Line(page)
    page.goto("/")
    chat = Chat(page).open().say("hello")
    expect(chat.texts("assistant")).to_have_count(2)
    line.cut()
    page.route("**/api/conversations/**", lambda route: route.abort())
    chat.say("How much is delivery?")
    page.reload()
    expect(chat.widget.locator(".item.pending")).to_have_count(1)
    page.unroute("**/api/conversations/**")
    line.mend()
    chat.has_sent("hello")
    chat.has_sent("How much is delivery?")
    expect(chat.texts("assistant")).to_have_count(3)


def test_where_sockets_do_not_pass_plain_requests_do(visit: Callable[..., Page]) -> None:
    page = visit("/help/en")
    page.add_init_script(NO_SOCKETS)
    page.goto("/")
    chat = Chat(page).open().say("How much is delivery?")
    chat.has_sent("How much is delivery?")
    expect(chat.texts("assistant")).to_have_count(2)
    chat.say(HUMAN)
    expect(chat.bar).to_contain_text("queue")


def test_a_handover_tells_the_place_in_the_queue(chat: Chat) -> None:
    chat.say(HUMAN)
    expect(chat.bar).to_contain_text("in the queue")
    expect(chat.texts("system").first).to_be_visible()


def test_everything_works_from_the_keyboard(visit: Callable[..., Page]) -> None:
    chat = Chat(visit("/sign-in"))
    chat.page.goto("/help/en/returns")
    chat.launcher.focus()
    chat.page.keyboard.press("Enter")
    expect(chat.field).to_be_focused()
    chat.page.keyboard.type("one")
    chat.page.keyboard.press("Shift+Enter")
    chat.page.keyboard.type("two")
    chat.page.keyboard.press("Enter")
    expect(chat.texts("customer")).to_have_text("one\ntwo")
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()


def test_on_a_phone_the_keyboard_stays_in_the_chat(visit: Callable[..., Page]) -> None:
    chat = Chat(visit("/", viewport={"width": 390, "height": 844})).open()
    for _ in range(12):
        chat.page.keyboard.press("Tab")
        assert chat.page.evaluate("document.activeElement.localName") == "amends-chat"


def test_a_text_that_is_too_long_is_not_sent(chat: Chat) -> None:
    chat.field.fill("x" * 4_001)
    expect(chat.widget.locator(".count")).to_contain_text("1 characters too many")
    chat.field.press("Enter")
    expect(chat.widget.locator(".count")).to_contain_text("under 4,000")
    expect(chat.texts("customer")).to_have_count(0)
    chat.say("x" * 4_000)
    chat.has_sent("x" * 4_000)


def test_long_words_wrap(visit: Callable[..., Page]) -> None:
    chat = Chat(visit("/", viewport={"width": 390, "height": 844})).open()
    chat.say("W" * 300)
    chat.has_sent("W" * 300)
    log = chat.widget.locator(".log")
    assert log.evaluate("log => log.scrollWidth <= log.clientWidth")


def test_a_refused_message_says_why_and_can_be_tried_again(visit: Callable[..., Page]) -> None:
    chat = Chat(visit("/")).open()
    chat.say("\u200b\u200b")
    expect(chat.widget.locator(".state.bad")).to_contain_text("Please write something")
    chat.widget.get_by_role("button", name="Remove").click()
    expect(chat.texts("customer")).to_have_count(0)


def test_a_chat_can_be_ended_and_begun_anew(chat: Chat) -> None:
    chat.say("hello")
    chat.has_sent("hello")
    chat.widget.get_by_role("button", name="More").click()
    chat.widget.get_by_role("button", name="End this chat").click()
    expect(chat.widget.get_by_text("This chat has ended.")).to_be_visible()
    expect(chat.field).to_be_hidden()
    chat.widget.get_by_role("button", name="Start a new chat").last.click()
    expect(chat.field).to_be_visible()
    expect(chat.texts("customer")).to_have_count(0)
    chat.say("hello again")
    chat.has_sent("hello again")


def test_who_throws_a_chat_away_is_asked_about_the_case_that_waits(chat: Chat) -> None:
    chat.say(HUMAN)
    expect(chat.widget.get_by_text("in the queue").first).to_be_visible()
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        (dialog.dismiss if len(asked) == 1 else dialog.accept)()

    chat.page.on("dialog", answer)
    for _ in range(2):
        expect(chat.field).to_be_visible()
        chat.widget.get_by_role("button", name="More").click()
        chat.widget.get_by_role("button", name="Start a new chat").first.click()
    expect(chat.texts("customer")).to_have_count(0)
    assert len(asked) == 2
    assert "withdraw" in asked[0]


def test_another_tab_shows_the_same_conversation(chat: Chat) -> None:
    chat.say("hello")
    expect(chat.texts("assistant")).to_have_count(2)
    other = Chat(chat.page.context.new_page())
    other.page.goto("/help/en")
    expect(other.texts("customer")).to_have_text("hello")


def origin(chat: Chat) -> str:
    value: str = chat.page.evaluate("location.origin")
    return value
