"""The pages over a running product, as a browser without scripts sees them."""

import re

import httpx
import pytest

from tests.product import Customer

STAFF_PAGES = [
    "/desk",
    "/desk/queue",
    "/control",
    "/control/log",
    "/control/calibration",
    "/control/drift",
    "/control/replay",
    "/control/policy",
    "/control/offers",
    "/control/policy",
    "/control/articles",
    "/control/articles/new",
    "/control/articles/en/returns",
]


@pytest.mark.parametrize("address", ["/", "/help/en", "/help/zh", "/help/en/returns", "/sign-in"])
def test_a_page_for_everyone(stranger: httpx.Client, address: str) -> None:
    answer = stranger.get(address)
    assert answer.status_code == 200
    assert len(re.findall(r"<h1[ >]", answer.text)) == 1
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", [*STAFF_PAGES, "/desk/cases/1"])
def test_a_stranger_is_sent_to_sign_in(stranger: httpx.Client, address: str) -> None:
    answer = stranger.get(address)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/sign-in?next={address}"


def test_an_agent_may_not_enter_the_control_room(agent: httpx.Client) -> None:
    assert agent.get("/desk").status_code == 200
    assert agent.get("/control").status_code == 403


@pytest.mark.parametrize("address", STAFF_PAGES)
def test_a_supervisor_may_see_everything(supervisor: httpx.Client, address: str) -> None:
    assert supervisor.get(address).status_code == 200


def test_the_language_is_remembered(stranger: httpx.Client) -> None:
    assert 'lang="zh-CN"' in stranger.get("/", params={"lang": "zh"}).text
    assert 'lang="zh-CN"' in stranger.get("/sign-in").text
    assert 'lang="en-GB"' in stranger.get("/sign-in", params={"lang": "en"}).text


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil", "https://evil.example"],
)
def test_the_door_leads_to_no_other_site(stranger: httpx.Client, address: str) -> None:
    page = stranger.get("/sign-in", params={"next": address}).text
    assert 'data-go=""' in page


@pytest.mark.parametrize(
    ("language", "query", "article"),
    [("en", "parcel is late", "late-delivery"), ("zh", "忘记密码", "reset-password")],
)
def test_help_is_found_by_searching(
    stranger: httpx.Client, language: str, query: str, article: str
) -> None:
    page = stranger.get(f"/help/{language}", params={"q": query}).text
    assert f'href="/help/{language}/{article}"' in page


def test_a_search_is_shown_inert(stranger: httpx.Client) -> None:
    page = stranger.get("/help/en", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_an_article_leads_to_itself_in_the_other_language(stranger: httpx.Client) -> None:
    assert 'href="/help/zh/returns" hreflang="zh"' in stranger.get("/help/en/returns").text


@pytest.mark.parametrize("address", ["/help/en/no-such-article", "/help/fr", "/desk/cases/999999"])
def test_what_does_not_exist_is_not_found(agent: httpx.Client, address: str) -> None:
    assert agent.get(address).status_code in (404, 422)


def test_the_widget_is_for_any_website(stranger: httpx.Client) -> None:
    answer = stranger.get("/widget.js", headers={"Origin": "https://shop.example"})
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_case_is_shown_with_its_reasons_and_inert_words(
    agent: httpx.Client, customer: Customer
) -> None:
    customer.say("<b>Nobody</b> & nothing helps!")
    case = customer.ask_for_person()
    page = agent.get(f"/desk/cases/{case}").text
    assert "&lt;b&gt;" in page
    assert "<b>Nobody" not in page
    assert "wants_person" in page
    assert f'hx-post="/api/cases/{case}/claim"' in page


def test_the_queue_and_its_parts_tell_the_same(agent: httpx.Client, customer: Customer) -> None:
    case = customer.ask_for_person()
    row = f'id="row-{case}"'
    assert row in agent.get("/desk").text
    assert row in agent.get("/desk/queue", params={"state": "waiting"}).text
    assert row not in agent.get("/desk/queue", params={"state": "resolved"}).text
    assert 'data-mode-now="waiting"' in agent.get(f"/desk/cases/{case}/standing").text
    assert 'id="turn-1"' in agent.get(f"/desk/cases/{case}/transcript").text


@pytest.mark.parametrize("address", ["/desk/events", "/control/events"])
def test_a_stranger_hears_nothing(stranger: httpx.Client, address: str) -> None:
    assert stranger.get(address).status_code == 401


def test_the_log_is_filtered_and_paged(supervisor: httpx.Client, customer: Customer) -> None:
    customer.ask_for_person()
    handovers = supervisor.get("/control/log", params={"action": "hand_over"}).text
    newest = re.search(r'href="/control/log/(\d+)"', handovers)
    assert newest is not None
    decision = supervisor.get(f"/control/log/{newest[1]}").text
    assert "wants_person" in decision
    assert "policy" in decision.lower()
    older = supervisor.get("/control/log", params={"before": newest[1]}).text
    assert f'href="/control/log/{newest[1]}"' not in older
