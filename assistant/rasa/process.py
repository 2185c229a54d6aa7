"""The Rasa process: starting, watching, restarting and stopping it with its children."""

import asyncio
import logging
import os
import signal
import socket
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path

import httpx

from assistant.rasa.training import QUIET, RASA_PYTHON, ROOT, train_if_changed

__all__ = ["RasaServer", "train_if_changed"]

logger = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds before Rasa is started again after it ended: doubled each time, up to the longest."""

_POLL_SECONDS = 0.5
_GRACE_SECONDS = 5.0


class RasaServer:
    """Rasa serving `model` on the loopback interface, its output in `data_dir`/rasa.log.

    `secret` protects the channel and the calls to the actions at `action_port`. A process that
    ends is started again after a pause; while it is not ready, `ready` is False.
    """

    def __init__(
        self,
        model: Path,
        data_dir: Path,
        secret: str,
        action_port: int,
        port: int | None = None,
        python: Path = RASA_PYTHON,
    ) -> None:
        """Prepare the server; without `port` it takes a free one."""
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.restarts = 0
        self._model, self._log, self._python = model, data_dir / "rasa.log", python
        settings = {"AMENDS_RASA_SECRET": secret, "AMENDS_PORT": str(action_port)}
        self._environment = os.environ | QUIET | settings
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether the process runs and has said that its model is loaded."""
        return self._ready and self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process id, while there is a process."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start Rasa and its watch, without waiting until the model is loaded."""
        if self._watch is None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._watch = asyncio.create_task(self._keep_running(), name="rasa")

    async def wait_ready(self, seconds: float) -> None:
        """Wait until Rasa is ready. Raises TimeoutError when it is not after `seconds`."""
        async with asyncio.timeout(seconds):
            while not self.ready:
                await asyncio.sleep(_POLL_SECONDS / 5)

    async def stop(self) -> None:
        """Stop the watch and the whole process group, and wait until they have ended."""
        if self._watch is None:
            return
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch
        self._watch = None

    async def _keep_running(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                was_ready = await self._run_once()
            finally:
                self._ready = False
                await self._end()
            pause = FIRST_PAUSE if was_ready else min(pause * 2, LONGEST_PAUSE)
            logger.warning(
                "Rasa ended, starting it again in %g s; its output is in %s", pause, self._log
            )
            await asyncio.sleep(pause)
            self.restarts += 1

    async def _run_once(self) -> bool:
        """Run Rasa until it ends; return whether it had been ready."""
        try:
            self._process = await self._spawn()
        except OSError:
            logger.exception("could not start Rasa")
            return False
        ended = asyncio.create_task(self._process.wait())
        async with httpx.AsyncClient(
            base_url=self.url, timeout=_GRACE_SECONDS, trust_env=False
        ) as client:
            while not ended.done() and not self._ready:
                self._ready = await says_ready(client)
                await asyncio.wait([ended], timeout=_POLL_SECONDS)
        await ended
        return self._ready

    async def _spawn(self) -> Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self._command(),
                cwd=ROOT,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _command(self) -> list[str]:
        launch = [str(self._python), "-m", "assistant.components.launch", str(os.getpid())]
        return [
            *launch, "run", "--interface", "127.0.0.1", "--port", str(self.port),
            "--model", str(self._model), "--endpoints", "assistant/endpoints.yml",
            "--credentials", "assistant/credentials.yml",
        ]  # fmt: skip

    async def _end(self) -> None:
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _GRACE_SECONDS)
        self._signal(signal.SIGKILL)
        await self._process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        # The process group exists as long as any process in it runs.
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


async def says_ready(client: httpx.AsyncClient) -> bool:
    """Return whether the Rasa that `client` talks to has loaded its model."""
    try:
        return (await client.get("/webhooks/amends/")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
