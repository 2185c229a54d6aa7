"""One customer message to Rasa, with a deadline."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from assistant.reply import Choice, Reply

__all__ = ["Answer", "AssistantUnavailable", "Choice", "Rasa", "Reply"]

DEADLINE = 5.0
"""Seconds that a customer's message may take inside Rasa."""


class AssistantUnavailable(Exception):
    """Rasa gave no usable answer; `reason` says why, in English, for the log."""

    def __init__(self, reason: str) -> None:
        """An error with its `reason`."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """What the assistant says to one message, and what it took the message to mean."""

    replies: tuple[Reply, ...]
    intent: str | None
    confidence: float | None


class Rasa:
    """A client of the Rasa server at `url`; close it with `aclose` or use it in `async with`."""

    def __init__(self, url: str, secret: str, deadline: float = DEADLINE) -> None:
        """A client that gives each message `deadline` seconds."""
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            base_url=url, headers={"X-Amends-Secret": secret}, timeout=deadline, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Itself, open."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections to Rasa."""
        await self._client.aclose()

    async def ask(self, sender: str, text: str, language: str) -> Answer:
        """The assistant's answer to `text`, the next message of the conversation `sender`.

        `language` ("en" or "zh") is the one to answer in. Raises AssistantUnavailable when Rasa
        refuses, is slower than the deadline in seconds, fails, or answers with nothing usable.
        """
        message = {"sender": sender, "message": text, "metadata": {"language": language}}
        try:
            # httpx bounds each read; the deadline bounds the whole of it.
            async with asyncio.timeout(self._deadline):
                response = await self._client.post("/webhooks/amends/webhook", json=message)
            response.raise_for_status()
            return _answer(response.json())
        except TimeoutError as error:
            raise AssistantUnavailable(f"no answer within {self._deadline:g} s") from error
        except httpx.HTTPError as error:
            raise AssistantUnavailable(f"{type(error).__name__}: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise AssistantUnavailable(f"not understood: {error!r}") from error


def _answer(body: dict[str, Any]) -> Answer:
    messages = body["messages"]
    if not messages:
        raise AssistantUnavailable("an empty answer")
    # An action may read more into a message than its words: "yes" to "a person?" wants a person.
    meant = [m["custom"]["intent"] for m in messages if "intent" in m.get("custom", ())]
    return Answer(
        tuple(Reply.from_rasa(message) for message in messages),
        meant[0] if meant else body["intent"]["name"],
        body["intent"]["confidence"],
    )
