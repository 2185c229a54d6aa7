"""The policy's page and its JSON: changed, refused, compared, rolled back, and followed at once."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import OpenProduct
from tests.api.pages.test_articles import Writer, told
from tests.in_process import InProcessProduct
from tests.product import Product
from triage.analytics.operating_points import HandoverThresholds
from triage.compensation.remedies import REMEDIES
from triage.policy.policy import POLICY

HERE = "/control/policy"
SHIPPED = POLICY.read_text("utf-8")
CALM = SHIPPED.replace("then: {action: hand_over, priority: 3}", "then: {action: watch}")
BROKEN = SHIPPED.replace("when: wants_person\n", "when: wants_persons\n")
LINE = BROKEN[: BROKEN.index("wants_persons")].count("\n") + 1


@pytest.fixture(scope="module")
def shop(
    open_product: OpenProduct, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InProcessProduct]:
    """A product with rules that tests may change."""
    folder = tmp_path_factory.mktemp("rules")
    policy, remedies = (shutil.copy(path, folder) for path in (POLICY, REMEDIES))
    product = open_product(folder / "data", policy=policy, remedies=remedies)
    yield product
    product.close()


@pytest.fixture
def policy(shop: Product) -> Path:
    """The policy's file, as it was shipped."""
    path = shop.data_dir.parent / "policy.yml"
    path.write_text(SHIPPED, "utf-8")
    return path


@pytest.fixture
def writer(shop: Product, policy: Path) -> Iterator[Writer]:
    with closing(shop.as_supervisor()) as client:
        yield Writer(client)


@pytest.fixture
def supervisor(shop: Product, policy: Path) -> Iterator[httpx.Client]:
    with closing(shop.as_supervisor()) as client:
        yield client


def field(page: str, name: str) -> str:
    """What a field of the editor holds."""
    form = page[page.index('name="based_on"') - 2000 :]
    if name == "text":
        return unescape(
            re.findall(r'<textarea [^>]*name="text"[^>]*>\n(.*?)</textarea>', form, re.S)[0]
        )
    return unescape(re.findall(rf'<input [^>]*name="{name}" value="([^"]*)"', form)[0])


def based_on(writer: Writer) -> str:
    return field(writer.get(HERE), "based_on")


def save(writer: Writer, text: str, note: str = "Try it", **more: str) -> httpx.Response:
    fields = {"kind": "policy", "text": text, "note": note, "based_on": based_on(writer)}
    return writer.post(HERE, fields | more)


def test_the_page_shows_rules_deadlines_hours_and_history_in_both_languages(writer: Writer) -> None:
    english = writer.get(HERE)
    assert "The customer asks for a person." in english
    assert "08:00–20:00" in english
    assert "Monday" in english
    assert "Europe/London" in english
    assert field(english, "text") == SHIPPED
    chinese = writer.get(HERE, lang="zh")
    assert "客户要求人工服务。" in chinese
    assert "星期一" in chinese
    assert "全天" in chinese
    remedies = writer.get(HERE, kind="remedies", lang="en")
    assert "The order was charged twice" in remedies


def test_a_chosen_threshold_is_shown_as_a_change_and_not_yet_in_force(
    writer: Writer, policy: Path
) -> None:
    handover = HandoverThresholds(SHIPPED)
    page = writer.get(HERE, threshold="0.15")
    assert field(page, "text") == handover.with_threshold(0.15) != SHIPPED
    assert "Your changes" in page
    assert policy.read_text("utf-8") == SHIPPED
    answer = save(writer, field(page, "text"), "More people are here in December")
    assert answer.status_code == 303
    assert HandoverThresholds(policy.read_text("utf-8")).present == 0.15


@pytest.mark.parametrize("odd", ["2", "-1", "nan", "often"])
def test_a_threshold_that_is_none_is_refused(writer: Writer, odd: str) -> None:
    assert writer.client.get(HERE, params={"threshold": odd}).status_code == 422


def test_a_change_is_in_force_at_once_with_who_and_why(writer: Writer, policy: Path) -> None:
    answer = save(writer, CALM.replace("\n", "\r\n"), "Less <b>haste</b>")
    assert answer.status_code == 303
    page = writer.client.get(answer.headers["Location"]).text
    assert "In force from now on." in page
    assert "Less &lt;b&gt;haste" in page
    assert "Supervisor" in page
    assert policy.read_text("utf-8") == CALM


def test_what_is_wrong_is_shown_with_line_and_rule_and_nothing_typed_is_lost(
    writer: Writer, policy: Path
) -> None:
    answer = save(writer, BROKEN, "Looks good")
    assert answer.status_code == 422
    assert f"Line {LINE} wants_person no fact is called 'wants_persons'" in told(answer)
    assert "when: wants_persons" in told(answer)
    assert field(answer.text, "text") == BROKEN
    assert 'value="Looks good"' in answer.text
    assert policy.read_text("utf-8") == SHIPPED
    chinese = writer.client.post(
        HERE,
        params={"lang": "zh"},
        data={"csrf": writer.csrf, "text": BROKEN, "note": "x", "based_on": "1"},
    )
    assert "没有名为 'wants_persons' 的事实" in told(chinese)


def test_a_note_is_needed(writer: Writer, policy: Path) -> None:
    answer = save(writer, CALM, "  ")
    assert answer.status_code == 422
    assert "Please give a reason" in told(answer)
    assert field(answer.text, "text") == CALM
    assert policy.read_text("utf-8") == SHIPPED


def test_what_would_change_is_shown_before_it_is_saved(writer: Writer, policy: Path) -> None:
    page = save(writer, CALM, do="compare")
    assert page.status_code == 200
    assert "<ins>" in page.text
    assert "watch" in page.text
    assert policy.read_text("utf-8") == SHIPPED
    broken = save(writer, BROKEN, do="compare")
    assert "no fact is called 'wants_persons'" in told(broken)


def test_of_two_supervisors_one_is_told_and_loses_nothing(writer: Writer, policy: Path) -> None:
    start = based_on(writer)
    assert save(writer, CALM, "First", based_on=start).status_code == 303
    mine = SHIPPED.replace("resolve: 480", "resolve: 500")
    second = save(writer, mine, "Second", based_on=start)
    assert second.status_code == 409
    assert "Somebody else changed the rules while you were editing" in told(second)
    assert field(second.text, "text") == mine
    assert policy.read_text("utf-8") == CALM
    again = save(writer, mine, "Second", based_on=field(second.text, "based_on"))
    assert again.status_code == 303
    assert policy.read_text("utf-8") == mine


def test_a_version_is_compared_and_rolled_back_with_one_click(writer: Writer, policy: Path) -> None:
    start = int(based_on(writer))
    save(writer, CALM, "Less haste")
    page = writer.get(f"{HERE}/policy/{start + 1}")
    assert "Changes in this version" in page
    assert "<del>" in page
    fields = {"kind": "policy", "number": str(start), "based_on": str(start + 1)}
    answer = writer.post(f"{HERE}/rollback", fields)
    assert answer.status_code == 303
    assert policy.read_text("utf-8") == SHIPPED
    page = writer.client.get(answer.headers["Location"]).text
    assert f"Version {start} restored" in page
    late = writer.post(f"{HERE}/rollback", fields | {"number": str(start + 1)})
    assert late.status_code == 409
    assert policy.read_text("utf-8") == SHIPPED


def test_a_file_changed_beside_the_page_is_followed_and_a_broken_one_is_told(
    writer: Writer, policy: Path
) -> None:
    before = int(based_on(writer))
    policy.write_text(CALM, "utf-8")
    page = writer.get(HERE)
    assert field(page, "text") == CALM
    assert int(based_on(writer)) == before + 1
    assert "Changed in the file" in page

    policy.write_text(BROKEN, "utf-8")
    for address in ("/control", HERE):
        assert "has errors. The previous" in writer.get(address)
    assert "no fact is called &#39;wants_persons&#39;" in writer.get(HERE)
    assert field(writer.get(HERE), "text") == CALM
    assert save(writer, SHIPPED, "Mended").status_code == 303
    page = writer.get(HERE)
    assert "has errors" not in writer.get("/control")
    assert "Had errors" in page
    kept = writer.get(f"{HERE}/policy/{before + 2}")
    assert "wants_persons" in kept
    assert "Roll back" not in kept


def test_a_customer_meets_the_new_policy_with_the_next_message(
    shop: Product, writer: Writer, policy: Path
) -> None:
    def handed_over() -> bool:
        customer = shop.customer("en")
        return customer.say("I want to talk to a person")["handover"] is not None

    # Without Rasa every message is handed over, whatever it says: this policy says not to.
    silent = re.sub(r"action: hand_over, priority: \d(, senior: true)?", "action: watch", SHIPPED)
    policy.write_text(silent.replace("when: assistant_down", "when: danger"), "utf-8")
    assert not handed_over()
    policy.write_text("rules: [", "utf-8")
    assert not handed_over()
    policy.write_text(SHIPPED, "utf-8")
    assert handed_over()


def test_a_decision_leads_to_its_version(shop: Product, supervisor: httpx.Client) -> None:
    shop.customer("en").say("I want to talk to a person")
    decision = supervisor.get("/api/triage/log", params={"limit": 1000}).json()[-1]
    page = supervisor.get(f"/control/log/{decision['id']}").text
    number = supervisor.get("/api/triage/rules/policy").json()["number"]
    assert f'href="{HERE}/policy/{number}"' in page


@pytest.mark.parametrize("fields", [{}, {"csrf": "wrong"}])
def test_nothing_is_saved_without_the_token(
    writer: Writer, policy: Path, fields: dict[str, str]
) -> None:
    data = {"kind": "policy", "text": CALM, "note": "x", "based_on": "1"} | fields
    answer = writer.client.post(HERE, data=data)
    assert answer.status_code == 403
    assert "action: watch" in told(answer)
    assert policy.read_text("utf-8") == SHIPPED


def test_agents_may_neither_see_nor_change_the_policy(shop: Product, policy: Path) -> None:
    with closing(shop.as_agent()) as client:
        assert client.get(HERE).status_code == 403
        assert client.get("/api/triage/rules/policy").status_code == 403
        agent = Writer(client)
        fields = {"kind": "policy", "text": CALM, "note": "x", "based_on": "1"}
        assert agent.post(HERE, fields).status_code == 403
        assert agent.post(f"{HERE}/rollback", {"number": "1"}).status_code == 403
    assert policy.read_text("utf-8") == SHIPPED


@pytest.mark.parametrize("address", [f"{HERE}/policy/999", f"{HERE}/policy/0"])
def test_a_version_that_never_was_is_not_found(writer: Writer, address: str) -> None:
    answer = writer.client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "There is no such page." in answer.text


def test_the_same_is_done_in_json(supervisor: httpx.Client, policy: Path) -> None:
    here = "/api/triage/rules/policy"
    start = supervisor.get(here).json()
    assert start["text"] == SHIPPED
    assert start["faults"] == []
    assert supervisor.post(f"{here}/check", json={"text": CALM}).status_code == 204
    refused = supervisor.post(f"{here}/check", json={"text": BROKEN})
    assert refused.status_code == 422
    assert refused.json()["faults"] == [
        {"line": LINE, "rule": "wants_person", "what": "no fact is called 'wants_persons'"}
    ]
    new = {"text": CALM, "note": "Less haste", "based_on": start["number"]}
    made = supervisor.post(here, json=new).json()
    assert (made["number"], made["note"]) == (start["number"] + 1, "Less haste")
    assert made["author"]
    late = supervisor.post(here, json=new | {"text": SHIPPED + "\n# mine\n"})
    assert late.status_code == 409
    assert supervisor.post(here, json=new | {"note": " "}).status_code == 422
    back = supervisor.post(
        f"{here}/rollback",
        json={"number": start["number"], "note": "Back", "based_on": made["number"]},
    ).json()
    assert back["hash"] == start["hash"]
    numbers = [one["number"] for one in supervisor.get(f"{here}/versions").json()]
    assert numbers == list(range(back["number"], 0, -1))
    whole = supervisor.get(f"{here}/versions/{made['number']}").json()
    assert whole["text"] == CALM
    assert supervisor.get(f"{here}/versions/999").status_code == 404
    assert supervisor.get("/api/triage/rules/lexicon").status_code == 422
    csrf = supervisor.headers.pop("X-CSRF-Token")
    assert supervisor.post(here, json=new).status_code == 403
    supervisor.headers["X-CSRF-Token"] = csrf
