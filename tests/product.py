"""The product as tests talk to it, and as a user starts it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from assistant.rasa.training import train_if_changed
from triage.compensation.remedies import REMEDIES
from triage.policy.policy import POLICY

ROOT = Path(__file__).resolve().parent.parent
AGENT = ("agent@example.com", "agent-secret")
SUPERVISOR = ("supervisor@example.com", "supervisor-secret")
Credentials = tuple[str, str]
# Of every product that was started: what it stored is decided again in the end.
DATA_FOLDERS: set[Path] = set()


def free_port() -> int:
    """Return a loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Product(ABC):
    """A product that tests talk to over HTTP, however it runs."""

    data_dir: Path
    agent: Credentials = AGENT
    supervisor: Credentials = SUPERVISOR
    clients: list[httpx.Client] = field(default_factory=list)

    @abstractmethod
    def connect(self) -> httpx.Client:
        """Return a new client; whoever asks for it closes it."""

    def client(self) -> httpx.Client:
        """Return a client that `hang_up` closes."""
        self.clients.append(self.connect())
        return self.clients[-1]

    def hang_up(self) -> None:
        """Close every client."""
        while self.clients:
            self.clients.pop().close()

    def customer(self, language: str | None = None) -> "Customer":
        """Begin a conversation."""
        client = self.client()
        body = client.post("/api/conversations", json={"language": language}).json()
        return Customer(client, body["id"], body["token"])

    def staff(self, who: Credentials) -> httpx.Client:
        """Return a signed-in client that sends the CSRF token with every request."""
        client = self.client()
        answer = client.post("/api/session", json={"email": who[0], "password": who[1]})
        answer.raise_for_status()
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def as_agent(self) -> httpx.Client:
        """Return the agent, signed in."""
        return self.staff(self.agent)

    def as_supervisor(self) -> httpx.Client:
        """Return the supervisor, signed in."""
        return self.staff(self.supervisor)


@dataclass
class ServedProduct(Product):
    """A running `amends serve` with a data folder of its own."""

    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What it is started with."""
        return os.environ | {
            "AMENDS_PORT": str(self.port),
            "AMENDS_DATA_DIR": str(self.data_dir),
            "AMENDS_FIRST_AGENT": ":".join(self.agent),
            "AMENDS_FIRST_SUPERVISOR": ":".join(self.supervisor),
            **self.settings,
        }

    def start(self, *, wait_for_assistant: bool = True) -> None:
        """Start it; returns when it answers. The trained bot is the repository's own."""
        models = ROOT / "var/models"
        train_if_changed(models)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        DATA_FOLDERS.add(self.data_dir)
        if not (self.data_dir / "models").exists():
            (self.data_dir / "models").symlink_to(models)
        with (self.data_dir / "output.log").open("ab") as log:
            self.process = subprocess.Popen(
                [Path(sys.executable).parent / "amends", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait("database" if not wait_for_assistant else "assistant")
        except RuntimeError:
            self.stop()
            raise

    def wait(self, part: str, seconds: float = 240) -> None:
        """Wait until /health/ready says that a part is there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/health/ready").json()[part]:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise RuntimeError((self.data_dir / "output.log").read_text(errors="replace")[-4000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does; return the exit code."""
        assert self.process is not None
        self.hang_up()
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
        return self.process.wait(timeout=30)

    def connect(self) -> httpx.Client:
        """Return a client of the served address."""
        return httpx.Client(base_url=self.url, timeout=30)


@contextmanager
def product_with_rules(folder: Path) -> Iterator[ServedProduct]:
    """Serve a product whose people answer, with copies of the rules in `folder` to change."""
    settings = {"AMENDS_RASA_PYTHON": "/nonexistent/python", **copied_rules(folder)}
    product = ServedProduct(folder / "data", settings=settings)
    product.start(wait_for_assistant=False)
    yield product
    product.stop()


def copied_rules(folder: Path) -> dict[str, str]:
    """Copy policy and remedies into `folder`; return the settings that name the copies."""
    shipped = {"AMENDS_POLICY": POLICY, "AMENDS_REMEDIES": REMEDIES}
    return {name: str(shutil.copy(path, folder)) for name, path in shipped.items()}


@dataclass
class Customer:
    """One customer's side of a conversation, over HTTP."""

    client: httpx.Client
    id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What opens the conversation."""
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, text: Any, message_id: str | None = None) -> httpx.Response:
        """Send a message; return the raw answer."""
        return self.client.post(
            f"/api/conversations/{self.id}/messages",
            json={"id": message_id or str(uuid.uuid4()), "text": text},
            headers=self.headers,
        )

    def say(self, text: str) -> dict[str, Any]:
        """Send a message that must be taken; return its outcome."""
        answer = self.post(text)
        assert answer.status_code == 200, answer.text
        outcome: dict[str, Any] = answer.json()
        return outcome

    def read(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the messages after a sequence number."""
        answer = self.client.get(
            f"/api/conversations/{self.id}/messages",
            params={"after": after},
            headers=self.headers,
        )
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()
        return messages

    def ask_for_person(self) -> int:
        """Get handed over; return the case."""
        handover = self.say("I want to talk to a human being, please.")["handover"]
        assert handover is not None
        return int(handover["case"])
