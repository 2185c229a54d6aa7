"""The demo shop as an order service: the contract as written down, for who has the token."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate
from pydantic import ValidationError
from typer.testing import CliRunner

from api.cli import app
from api.container import open_order_service
from api.demo_shop_service import create_demo_service
from api.settings import Settings
from assistant.orders.demo_shop import DemoShop, open_demo_shop
from assistant.orders.port import BackofficeDown
from tests.assistant.conftest import SECRET, serving
from tests.product import ROOT, free_port

LOOKUP = {"number": "HP-10236", "email": "anna@example.com"}
REQUESTS = "/orders/HP-10236/requests"
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def shop(tmp_path: Path) -> DemoShop:
    return open_demo_shop(tmp_path)


@pytest.fixture
def client(shop: DemoShop) -> Iterator[httpx.Client]:
    with (
        serving(create_demo_service(shop, SECRET)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=BEARER) as client,
    ):
        yield client


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["title"]
    return str(body["detail"])


def test_the_contract_is_written_down_as_it_is(client: httpx.Client) -> None:
    written = json.loads((ROOT / "docs/backoffice.openapi.json").read_text(encoding="utf-8"))
    validate(written)
    assert client.get("/openapi.json").json() == written


def test_money_days_and_both_languages_are_told_as_agreed(client: httpx.Client) -> None:
    found = client.post("/orders/lookup", json=LOOKUP).json()
    assert (found["value"], found["delivery_paid"], found["currency"]) == ("32.00", "3.95", "GBP")
    assert (found["item_en"], found["item_zh"]) == ("set of four stoneware mugs", "四件套陶杯")
    assert len(found["promised"]) == len("2026-11-26")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {SECRET}"}]
)
@pytest.mark.parametrize(
    ("path", "body"), [("/orders/lookup", LOOKUP), (REQUESTS, {"kind": "cancel"})]
)
def test_a_stranger_is_told_nothing_and_changes_nothing(
    client: httpx.Client, shop: DemoShop, header: dict[str, str], path: str, body: dict[str, str]
) -> None:
    stranger = httpx.post(
        f"{client.base_url}{path}", json=body, headers=header | {"Idempotency-Key": "1"}
    )
    assert "Bearer" in problem(stranger, 401)
    assert shop.requests("HP-10236") == []


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/orders/lookup", {"number": "HP-10236"}, {}, 422),
        ("/orders/lookup", LOOKUP | {"number": 10236}, {}, 422),
        ("/orders/lookup", LOOKUP | {"number": "1" * 1_000}, {}, 404),
        (REQUESTS, {"kind": "cancel"}, {}, 422),
        (REQUESTS, {"kind": "explode"}, {"Idempotency-Key": "1"}, 422),
        (REQUESTS, {"kind": "address", "detail": "x" * 501}, {"Idempotency-Key": "1"}, 422),
        (REQUESTS, {"kind": "return"}, {"Idempotency-Key": "1"}, 409),
    ],
)
def test_what_cannot_be_taken_is_a_problem(
    client: httpx.Client, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    assert problem(client.post(path, json=body, headers=headers), status)


def test_a_shop_without_its_file_is_out_of_service(client: httpx.Client, shop: DemoShop) -> None:
    shop.path.unlink()
    assert problem(client.post("/orders/lookup", json=LOOKUP), 503)


# --- the command, and the settings that lead to it


@pytest.mark.slow
def test_the_command_serves_what_the_settings_lead_to(tmp_path: Path) -> None:
    port = free_port()
    served = subprocess.Popen(
        [Path(sys.executable).parent / "amends", "demo-shop", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"AMENDS_DATA_DIR": str(tmp_path), "AMENDS_BACKOFFICE_TOKEN": SECRET},
    )
    settings = {"backoffice_url": f"http://127.0.0.1:{port}", "backoffice_token": SECRET}
    backoffice = open_order_service(Settings.model_validate(settings))
    try:
        found, end = None, time.monotonic() + 60
        while found is None and served.poll() is None and time.monotonic() < end:
            try:
                found = backoffice.find_order(**LOOKUP)
            except BackofficeDown:
                time.sleep(0.2)
        assert found == open_demo_shop(tmp_path).find_order(**LOOKUP)
    finally:
        backoffice.close()
        served.send_signal(signal.SIGINT)
    assert served.wait(timeout=30) == 0


def test_the_demo_shop_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMENDS_BACKOFFICE_TOKEN", raising=False)
    done = CliRunner().invoke(app, ["demo-shop"])
    assert done.exit_code != 0
    assert "--token" in done.output


def test_without_a_service_of_ones_own_the_demo_shop_is_asked(tmp_path: Path) -> None:
    assert isinstance(open_order_service(Settings(data_dir=tmp_path)), DemoShop)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"backoffice_url": "http://shop.example"}, "needs AMENDS_BACKOFFICE_TOKEN"),
        ({"backoffice_url": "shop.example", "backoffice_token": "x"}, "URL"),
        ({"backoffice_url": "file:///etc", "backoffice_token": "x"}, "URL scheme"),
        ({"backoffice_token": "two\nlines"}, "Bearer token"),
        ({"backoffice_timeout": 0}, "greater than 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as raised:
        Settings.model_validate(settings)
    assert "two\nlines" not in str(raised.value)
