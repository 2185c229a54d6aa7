"""The desk in a browser: from a handover to a rated case."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import Chat
from tests.product import Product

pytestmark = pytest.mark.browser


@pytest.fixture
def case(chat: Chat) -> int:
    """A customer who waits; returns the case's number."""
    chat.say("My lamp arrived broken and nobody helps me!")
    return chat.case()


def enter(agent: Page, case: int) -> None:
    """Open a case from the queue."""
    agent.locator(f"#row-{case}").click()
    expect(agent.get_by_role("heading", name=f"Case {case}")).to_be_visible()


def claim(agent: Page, case: int) -> None:
    enter(agent, case)
    agent.get_by_role("button", name="Claim").click()
    expect(agent.locator("#reply-text")).to_be_visible()


def test_a_case_from_the_queue_to_the_rating(agent: Page, chat: Chat, case: int) -> None:
    claim(agent, case)
    expect(chat.bar).to_contain_text("talking to a person")

    agent.locator("#reply-text").fill("I am looking at it now.")
    agent.locator("#reply-text").press("Control+Enter")
    expect(chat.texts("agent")).to_have_text("I am looking at it now.")
    expect(agent.locator("#reply-text")).to_have_value("")

    chat.say("Thank you!")
    expect(agent.locator(".turn.customer").last).to_contain_text("Thank you!")

    agent.locator("summary", has_text="Make an offer").click()
    agent.get_by_label("Remedy").select_option("replace")
    agent.get_by_label("Reason").fill("Broken on arrival.")
    agent.get_by_role("button", name="Make the offer").click()
    expect(agent.locator(".offers")).to_contain_text("Replacement")
    expect(chat.texts("agent").last).to_contain_text("Replacement")

    agent.locator("summary", has_text="Resolve").click()
    agent.get_by_label("Root cause").select_option("product_fault")
    agent.get_by_role("button", name="Resolve the case").click()
    expect(agent.locator(".closed")).to_contain_text("Fault in the product")

    expect(chat.widget.get_by_text("How did we do?")).to_be_visible()
    chat.widget.get_by_role("radio", name="5: Very good").check()
    chat.widget.get_by_role("button", name="Send rating").click()
    expect(chat.widget.get_by_text("Thank you for telling us.")).to_be_visible()
    expect(chat.bar).to_be_hidden()


def test_an_offer_above_the_limit_needs_a_supervisor(
    agent: Page, supervisor: Page, chat: Chat, case: int
) -> None:
    claim(agent, case)
    agent.locator("summary", has_text="Make an offer").click()
    agent.get_by_label("Remedy").select_option("goodwill_credit")
    agent.get_by_label("Amount").fill("45.00")
    agent.get_by_label("Reason").fill("A gift was spoilt.")
    agent.get_by_role("button", name="Make the offer").click()
    expect(agent.locator(".offers .needs_approval")).to_be_visible()
    expect(chat.texts("agent")).to_have_count(0)

    supervisor.get_by_role("link", name="Approvals").click()
    offer = supervisor.locator(".pending li", has_text=f"Case {case}")
    expect(offer).to_contain_text("£45.00")
    offer.get_by_label("Reason").fill("Fair.")
    offer.get_by_role("button", name="Approve").click()
    expect(offer).to_have_count(0)
    expect(chat.texts("agent")).to_contain_text("45.00")
    expect(agent.locator(".offers .offered")).to_be_visible()


def test_an_impossible_offer_is_refused_with_a_reason(agent: Page, case: int) -> None:
    claim(agent, case)
    agent.locator("summary", has_text="Make an offer").click()
    agent.get_by_label("Remedy").select_option("goodwill_credit")
    agent.get_by_label("Amount").fill("-5")
    agent.get_by_label("Reason").fill("Try.")
    agent.get_by_role("button", name="Make the offer").click()
    expect(agent.locator("#offer [data-fault]")).not_to_be_empty()
    expect(agent.locator("#offer").get_by_label("Reason")).to_have_value("Try.")


def test_the_suggestion_fills_the_offer(agent: Page, case: int) -> None:
    claim(agent, case)
    agent.locator(".steps button").first.click()
    expect(agent.locator("#offer").get_by_label("Remedy")).not_to_have_value("")
    expect(agent.locator("#offer").get_by_label("Reason")).not_to_have_value("")


def test_typed_text_survives_what_happens_meanwhile(agent: Page, chat: Chat, case: int) -> None:
    claim(agent, case)
    agent.locator("#reply-text").fill("I have found your or")
    chat.field.press_sequentially("Any")
    expect(agent.get_by_text("The customer is typing")).to_be_visible()
    chat.say("Any news?")
    expect(agent.locator(".turn.customer").last).to_contain_text("Any news?")
    expect(agent.locator("#reply-text")).to_have_value("I have found your or")
    expect(agent.locator("#reply-text")).to_be_focused()
    agent.reload()
    expect(agent.locator("#reply-text")).to_have_value("I have found your or")


def test_the_customer_sees_that_an_agent_types(agent: Page, chat: Chat, case: int) -> None:
    claim(agent, case)
    agent.locator("#reply-text").press_sequentially("Hel")
    expect(chat.widget.locator(".typing")).to_be_visible()


def test_a_case_that_somebody_else_takes_is_shown_as_taken(
    agent: Page, server: Product, case: int
) -> None:
    enter(agent, case)
    other = server.as_supervisor()
    other.post(f"/api/cases/{case}/claim").raise_for_status()
    other.close()
    expect(agent.locator("#case")).to_have_attribute("data-mode", "other")
    expect(agent.get_by_role("button", name="Claim")).to_have_count(0)


def test_a_new_case_appears_by_itself(agent: Page, chat: Chat) -> None:
    expect(agent.locator("[data-live]")).to_be_visible()
    case = chat.case()
    expect(agent.locator(f"#row-{case}")).to_be_visible()


def test_a_case_shows_why_it_is_here(agent: Page, case: int) -> None:
    enter(agent, case)
    expect(agent.locator(".reasons").first).to_contain_text("asks for a person")
    evidence = agent.locator(".reasons blockquote a").first
    target = evidence.get_attribute("href")
    evidence.click()
    expect(agent.locator(f".turn{target}")).to_be_in_viewport()
    expect(agent.locator(".turn.customer .feeling").first).to_contain_text("% negative")


def test_a_danger_after_the_claim_raises_the_case_before_the_agent_s_eyes(
    agent: Page, chat: Chat, case: int
) -> None:
    claim(agent, case)
    chat.say("Now the lamp has caught fire and my son burnt his hand!")
    expect(agent.locator("#standing")).to_contain_text("Urgent")
    expect(agent.locator("#standing")).to_contain_text("Senior")
    expect(agent.locator("aside.side")).to_contain_text("Somebody may be in danger.")
    expect(agent.locator("#reply-text")).to_be_visible()


def test_the_desk_works_from_the_keyboard(agent: Page, case: int) -> None:
    row = agent.locator(f"#row-{case}")
    expect(row).to_be_visible()
    for _ in range(agent.locator("[data-row]").count()):
        agent.keyboard.press("j")
        if row.evaluate("row => row === document.activeElement"):
            break
    expect(row).to_be_focused()
    agent.keyboard.press("Enter")
    expect(agent.locator("#case")).to_have_attribute("data-mode", "waiting")
    agent.keyboard.press("c")
    expect(agent.locator("#case")).to_have_attribute("data-mode", "mine")
    agent.keyboard.press("r")
    expect(agent.locator("#reply-text")).to_be_focused()
    agent.keyboard.press("Escape")
    agent.keyboard.press("?")
    expect(agent.get_by_role("dialog")).to_be_visible()


def test_a_case_goes_back_to_the_assistant(agent: Page, chat: Chat, case: int) -> None:
    claim(agent, case)
    agent.get_by_text("Hand back").click()
    agent.get_by_role("button", name="To the assistant").click()
    expect(chat.texts("system").last).to_contain_text("automated assistant")
    expect(chat.bar).to_be_hidden()
    chat.say("How much is delivery?")
    expect(chat.texts("assistant").last).to_contain_text("£3.95")


def test_an_opened_menu_stays_open_while_the_customer_writes(
    agent: Page, chat: Chat, case: int
) -> None:
    claim(agent, case)
    agent.get_by_text("Hand back").click()
    chat.say("One more thing about it")
    expect(agent.locator(".turn.customer").last).to_contain_text("One more thing")
    agent.get_by_role("button", name="To the queue").click()
    expect(agent.locator("#case")).to_have_attribute("data-mode", "waiting")


def test_a_wrong_password_is_told(visit: Callable[..., Page]) -> None:
    page = visit("/sign-in")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").first).to_contain_text("wrong")


def test_signing_out_closes_the_desk(agent: Page) -> None:
    agent.locator("header .who summary").click()
    agent.get_by_role("button", name="Sign out").click()
    agent.wait_for_url("**/sign-in")
    agent.goto("/desk")
    assert "/sign-in" in agent.url


def test_a_corrected_fact_changes_the_suggestion(agent: Page, chat: Chat, case: int) -> None:
    claim(agent, case)
    agent.locator("summary", has_text="Known facts").click()
    row = agent.locator(".known li", has_text="What went wrong")
    row.locator("summary").click()
    row.get_by_label("Correct value").select_option("missing")
    row.get_by_label("How do you know?").fill("The photo shows an empty box")
    row.get_by_role("button", name="Correct").click()
    corrected = agent.locator(".known li", has_text="corrected by Agent")
    expect(corrected).to_contain_text("The photo shows an empty box")
    expect(agent.locator(".steps")).to_contain_text("Resend")
    agent.locator(".known li", has_text="Contacted us before").locator("summary").click()
    options = agent.locator(".known li", has_text="Contacted us before").locator("option")
    expect(options).to_have_text(["Yes", "No"])
    corrected.locator("summary").click()
    corrected.get_by_role("button", name="Remove correction").click()
    expect(agent.locator(".known li", has_text="corrected by Agent")).to_have_count(0)
    expect(agent.locator(".steps")).to_contain_text("Replacement")
