"""Nobody is stranded: whatever breaks, the customer is told and a person is called."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.product import ROOT, Customer, Product, ServedProduct, free_port

# Some of these tests start products of their own, which no fixture shows.
pytestmark = pytest.mark.product

LOST = "How long does it take?"


def cases(product: Product) -> list[dict[str, object]]:
    waiting: list[dict[str, object]] = product.as_agent().get("/api/cases?state=waiting").json()
    return waiting


def test_without_rasa_a_message_goes_to_a_person(alone: ServedProduct) -> None:
    alone.start(wait_for_assistant=False)
    customer = alone.customer()
    outcome = customer.say("How long does delivery take?")
    assert outcome["handover"] == {"case": 1, "position": 1}
    assert outcome["replies"][-1]["sender"] == "system"
    (case,) = cases(alone)
    assert "assistant_down" in str(case["reasons"])
    assert httpx.get(f"{alone.url}/health/ready").json() == {"database": True, "assistant": False}


def rasa_process(product: ServedProduct) -> int:
    assert product.process is not None
    listed = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout
    for row in listed.splitlines():
        pid, parent, *arguments = row.split()
        if parent == str(product.process.pid) and "rasa" in " ".join(arguments):
            return int(pid)
    raise LookupError(listed)


def wait_until(holds: Callable[[], object], seconds: float = 30) -> None:
    """Return when `holds` returns something true. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:g} s")
        time.sleep(0.1)


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_crashed_rasa_is_started_again_and_people_answer_meanwhile(tmp_path: Path) -> None:
    product = ServedProduct(tmp_path / "data")
    product.start()
    try:
        first = rasa_process(product)
        os.kill(first, signal.SIGKILL)
        assert product.customer().say("hello")["handover"] is not None
        product.wait("assistant")

        def answered() -> dict[str, Any]:
            return product.customer().say("How long does delivery take?")

        wait_until(lambda: answered()["handover"] is None, seconds=120)
        assert answered()["replies"][0]["sources"]
        assert rasa_process(product) != first
    finally:
        product.stop()


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    product = ServedProduct(tmp_path / "data")
    product.start()
    rasa = rasa_process(product)
    assert product.stop() == 0
    wait_until(lambda: is_gone(rasa))


def test_a_killed_server_leaves_no_rasa_and_hands_over_what_it_left(tmp_path: Path) -> None:
    product = ServedProduct(tmp_path / "data")
    product.start()
    customer = product.customer()
    customer.say("hello")
    rasa = rasa_process(product)
    # A stopped Rasa keeps the turn open until the server dies in the middle of it.
    os.kill(rasa, signal.SIGSTOP)
    lost = threading.Thread(target=_say_into_the_void, args=(customer,))
    lost.start()
    wait_until(lambda: [message["text"] for message in customer.read()].count(LOST) == 1)
    assert product.process is not None
    product.process.kill()
    product.process.wait()
    lost.join()
    os.kill(rasa, signal.SIGCONT)
    _make_older(product.data_dir / "amends.db")
    product.start(wait_for_assistant=False)
    try:
        wait_until(lambda: cases(product))
        assert "interrupted" in str(cases(product)[0]["reasons"])
        assert customer.read()[-1]["sender"] == "system"
        wait_until(lambda: is_gone(rasa))
    finally:
        product.stop()


def _say_into_the_void(customer: Customer) -> None:
    with contextlib.suppress(httpx.TransportError):
        customer.post(LOST)


def _make_older(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(
            "UPDATE messages SET at = datetime(at, '-5 minutes') WHERE handled_at IS NULL"
        )


def serve_with(settings: dict[str, str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"AMENDS_DATA_DIR": str(tmp_path)} | settings
    return subprocess.run(
        [Path(sys.executable).parent / "amends", "serve"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_taken_port_is_said(product: ServedProduct, tmp_path: Path) -> None:
    done = serve_with({"AMENDS_PORT": str(product.port)}, tmp_path)
    assert done.returncode == 1
    assert f"Port {product.port} is taken" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = serve_with({"AMENDS_PORT": "many", "AMENDS_FIRST_AGENT": "alex"}, tmp_path)
    assert done.returncode == 1
    assert "AMENDS_PORT" in done.stderr
    assert "AMENDS_FIRST_AGENT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    settings = {"AMENDS_DATA_DIR": str(tmp_path / "file/data"), "AMENDS_PORT": str(free_port())}
    done = serve_with(settings, tmp_path)
    assert done.returncode == 1
    assert "AMENDS_DATA_DIR" in done.stderr
