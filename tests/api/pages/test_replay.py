"""A policy is tried on the past: on the page, over the API, at the terminal."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.api.conftest import OpenProduct
from tests.product import ROOT, Customer, Product

TEXT = (ROOT / "triage/policy.yml").read_text(encoding="utf-8")
RULE = "when: wants_person\n    then: {action: hand_over, priority: 3}"
URGENT = TEXT.replace(RULE, RULE.replace("priority: 3", "priority: 1"))


def tried(supervisor: httpx.Client, policy: str, **fields: str) -> httpx.Response:
    csrf = supervisor.headers["X-CSRF-Token"]
    return supervisor.post("/control/replay", data={"csrf": csrf, "policy": policy, **fields})


def typed(page: str) -> str:
    found = re.search(r'<textarea name="policy".*?>\n(.*?)</textarea>', page, re.S)
    assert found is not None
    return unescape(found[1])


def test_the_form_starts_from_the_policy_in_force(supervisor: httpx.Client) -> None:
    assert typed(supervisor.get("/control/replay").text) == TEXT


def test_another_policy_is_told_with_links_to_the_decisions(
    supervisor: httpx.Client, customer: Customer
) -> None:
    customer.ask_for_person()
    page = tried(supervisor, URGENT, days="7").text
    assert "would have reached a person otherwise" in page
    assert "With a different priority" in page
    decision = re.search(r'<td><a href="/control/log/(\d+)">Message 1</a>', page)
    assert decision is not None
    assert customer.id in supervisor.get(f"/control/log/{decision[1]}").text
    assert '"load"' in page
    assert typed(page) == URGENT


def test_the_policy_in_force_changes_nothing(supervisor: httpx.Client, customer: Customer) -> None:
    customer.ask_for_person()
    page = tried(supervisor, TEXT).text
    assert "This is the policy in force." in page
    assert "nobody would have reached a person at another moment" in page


def test_a_bad_policy_is_told_line_by_line_and_stays_in_the_form(supervisor: httpx.Client) -> None:
    bad = TEXT.replace("when: danger\n", "when: dangr && '<script>' == ''\n")
    answer = tried(supervisor, bad)
    assert answer.status_code == 422
    line = bad.split("\n").index("    when: dangr && '<script>' == ''") + 1
    assert f"Line {line}" in answer.text
    assert "no fact is called" in answer.text
    assert typed(answer.text) == bad
    assert "<script>'" not in answer.text


@pytest.mark.parametrize("policy", ["", ":", "[1]", "rules: 7", "\x00", "- " * 500, "a: &a [*a]"])
def test_whatever_is_no_policy_is_refused_in_words(supervisor: httpx.Client, policy: str) -> None:
    answer = tried(supervisor, policy)
    assert answer.status_code == 422
    assert "Not run: this policy has errors" in answer.text


def test_it_speaks_chinese(supervisor: httpx.Client, customer: Customer) -> None:
    customer.ask_for_person()
    csrf = supervisor.headers["X-CSRF-Token"]
    form = {"csrf": csrf, "policy": URGENT}
    page = supervisor.post("/control/replay", params={"lang": "zh"}, data=form).text
    assert "优先级不同" in page
    assert "换一套策略会怎样？" in page


def test_a_form_from_elsewhere_is_not_taken_and_the_text_is_given_back(
    supervisor: httpx.Client,
) -> None:
    answer = supervisor.post("/control/replay", data={"csrf": "x", "policy": "my: policy"})
    assert answer.status_code == 403
    assert "my: policy" in answer.text


def test_agents_try_no_policies(agent: httpx.Client) -> None:
    assert agent.get("/control/replay").status_code == 403
    csrf = agent.headers["X-CSRF-Token"]
    form = {"csrf": csrf, "policy": TEXT}
    assert agent.post("/control/replay", data=form).status_code == 403
    assert agent.post("/api/triage/replay", json={"policy": TEXT}).status_code == 403


def test_the_api_tells_conversations_and_counts(
    supervisor: httpx.Client, customer: Customer
) -> None:
    customer.ask_for_person()
    told = supervisor.post("/api/triage/replay", json={"policy": URGENT}).json()
    assert set(told) == {
        "changed",
        "unchanged",
        "queue_load",
        "money",
        "conversations",
        "counts",
        "left_out",
    }
    (mine,) = [move for move in told["conversations"] if move["conversation"] == customer.id]
    assert (mine["kind"], mine["known"]) == ("priority", True)
    assert (mine["before"]["priority"], mine["after"]["priority"]) == (3, 1)
    assert told["counts"]["changed"] >= 1
    later = {"policy": URGENT, "since": "2100-01-01T00:00:00Z"}
    assert supervisor.post("/api/triage/replay", json=later).json()["counts"]["decisions"] == 0


@pytest.fixture
def product(open_product: OpenProduct, tmp_path: Path) -> Iterator[Product]:
    """A product with a log of its own."""
    opened = open_product(tmp_path / "data")
    yield opened
    opened.close()


def test_the_command_replays_also_with_another_model_and_from_a_day_on(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product.customer().ask_for_person()
    monkeypatch.setenv("AMENDS_DATA_DIR", str(product.data_dir))
    policy = tmp_path / "policy.yml"
    policy.write_text(URGENT, encoding="utf-8")

    def told(*options: str) -> dict[str, dict[str, int]]:
        done = CliRunner().invoke(app, ["triage-replay", str(policy), *options])
        assert done.exit_code == 0, done.output
        found: dict[str, dict[str, int]] = json.loads(done.stdout)
        return found

    stored = told()
    assert stored["counts"]["priority"] >= 1
    # Whatever the model, a calm customer who asks for a person gets one.
    anew = told("--model", str(ROOT / "triage/emotion/model"))
    assert anew["counts"] == stored["counts"]
    assert anew["changed"] == stored["changed"]
    assert told("--since", "2100-01-01")["counts"]["decisions"] == 0


def test_every_decision_of_the_product_is_made_again(
    server: Product, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.say("How long does delivery take?")
    customer.ask_for_person()
    monkeypatch.setenv("AMENDS_DATA_DIR", str(server.data_dir))
    done = CliRunner().invoke(app, ["log", "reproduce"])
    assert done.exit_code == 0, done.output
    found = re.match(
        r"(\d+) decisions came out the same; 0 were made under other policies, 0 by none",
        done.output,
    )
    assert found is not None
    assert int(found[1]) >= 2
    whole = CliRunner().invoke(app, ["log", "verify"])
    noted = whole.output.split()[-1]
    again = CliRunner().invoke(app, ["log", "verify", "--noted", noted])
    assert (again.exit_code, again.output) == (0, whole.output)
    other = f"{noted.split(':')[0]}:{'0' * 64}"
    assert (
        "not the row that was noted"
        in CliRunner().invoke(app, ["log", "verify", "--noted", other]).output
    )
    assert CliRunner().invoke(app, ["log", "verify", "--noted", "7"]).exit_code == 2
