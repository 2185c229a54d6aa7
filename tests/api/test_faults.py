"""Nobody is stranded: whatever breaks, the customer is told and a person is called."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.product import ROOT, Customer, Product, free_port


def cases(product: Product) -> list[dict[str, object]]:
    waiting: list[dict[str, object]] = product.as_agent().get("/api/cases?state=waiting").json()
    return waiting


def test_without_rasa_a_message_goes_to_a_person(alone: Product) -> None:
    alone.start(wait_for_assistant=False)
    customer = alone.customer()
    outcome = customer.say("How long does delivery take?")
    assert outcome["handover"] == {"case": 1, "position": 1}
    assert outcome["replies"][-1]["sender"] == "system"
    (case,) = cases(alone)
    assert "assistant_down" in str(case["reasons"])
    assert httpx.get(f"{alone.url}/health/ready").json() == {"database": True, "assistant": False}


def test_without_rasa_a_chinese_customer_is_told_in_chinese(alone: Product) -> None:
    alone.start(wait_for_assistant=False)
    outcome = alone.customer().say("请问送货要多久？")
    assert "同事" in outcome["replies"][-1]["text"]


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.02])
def test_a_message_that_crosses_the_end_of_its_case_is_answered(
    server: Product, pause: float
) -> None:
    customer, agent = server.customer(), server.as_agent()
    case_id = customer.ask_for_person()
    agent.post(f"/api/cases/{case_id}/claim")
    said: list[dict[str, Any]] = []
    furious = "You are useless, I am furious: I still have no refund, and nobody helps me!"
    saying = threading.Thread(target=lambda: said.append(customer.say(furious)))
    saying.start()
    time.sleep(pause)
    agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "other"})
    saying.join()
    # Either it came before the end, and the person has it, or the assistant answers it.
    heard = [message for message in customer.read() if "furious" in message["text"]]
    assert len(heard) == 1
    assert said[0]["replies"] or said[0]["handover"]


def rasa_process(product: Product) -> int:
    assert product.process is not None
    listed = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout
    for row in listed.splitlines():
        pid, parent, *arguments = row.split()
        if parent == str(product.process.pid) and "rasa" in " ".join(arguments):
            return int(pid)
    raise LookupError(listed)


def is_gone(pid: int, seconds: float = 20) -> bool:
    """Return whether a process ends in time; one that nobody has buried yet has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


def test_a_crashed_rasa_is_started_again_and_people_answer_meanwhile(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    product.start()
    try:
        first = rasa_process(product)
        os.kill(first, signal.SIGKILL)
        assert product.customer().say("hello")["handover"] is not None
        product.wait("assistant")
        end = time.monotonic() + 120
        while time.monotonic() < end:
            answered = product.customer().say("How long does delivery take?")
            if answered["handover"] is None:
                break
            time.sleep(1)
        assert answered["replies"][0]["sources"]
        assert rasa_process(product) != first
    finally:
        product.stop()


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    product.start()
    rasa = rasa_process(product)
    assert product.stop() == 0
    assert is_gone(rasa)


def test_a_killed_server_leaves_no_rasa_and_hands_over_what_it_left(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    product.start()
    customer = product.customer()
    customer.say("hello")
    rasa = rasa_process(product)
    # A stopped Rasa keeps the turn open until the server dies in the middle of it.
    os.kill(rasa, signal.SIGSTOP)
    lost = threading.Thread(target=_say_into_the_void, args=(customer,))
    lost.start()
    time.sleep(1)
    assert product.process is not None
    product.process.kill()
    product.process.wait()
    lost.join()
    os.kill(rasa, signal.SIGCONT)
    _make_older(product.data_dir / "amends.db")
    product.start(wait_for_assistant=False)
    try:
        end = time.monotonic() + 30
        while not (waiting := cases(product)) and time.monotonic() < end:
            time.sleep(0.5)
        assert "interrupted" in str(waiting[0]["reasons"])
        assert customer.read()[-1]["sender"] == "system"
        assert is_gone(rasa)
    finally:
        product.stop()


def _say_into_the_void(customer: Customer) -> None:
    with contextlib.suppress(httpx.TransportError):
        customer.post("How long does it take?")


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


def test_a_taken_port_is_said(server: Product, tmp_path: Path) -> None:
    done = serve_with({"AMENDS_PORT": str(server.port)}, tmp_path)
    assert done.returncode == 1
    assert f"Port {server.port} is taken" in done.stderr
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
