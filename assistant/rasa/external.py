"""A Rasa that another program starts and stops."""

import asyncio
from contextlib import suppress

import httpx

from assistant.rasa.process import says_ready

PROBE_SECONDS = 1.0
PROBE_TIMEOUT = 5.0


class ExternalRasa:
    """The Rasa at `url`, asked every second whether it is ready."""

    def __init__(self, url: str) -> None:
        """Return a Rasa that is not watched yet."""
        self.url = url
        self.ready = False
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start to watch; return at once."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._keep_asking(), name="external rasa")

    async def stop(self) -> None:
        """Stop watching; Rasa itself goes on."""
        if self._watch is None:
            return
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch
        self._watch, self.ready = None, False

    async def _keep_asking(self) -> None:
        async with httpx.AsyncClient(
            base_url=self.url, timeout=PROBE_TIMEOUT, trust_env=False
        ) as client:
            while True:
                self.ready = await says_ready(client)
                await asyncio.sleep(PROBE_SECONDS)
