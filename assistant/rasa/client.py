"""The client of the Rasa server: one customer message at a time, with a deadline."""

import asyncio
from types import TracebackType
from typing import Any, Self

import httpx

from assistant.intents import intent_of
from assistant.reply import NOTHING_OFFERED, Answer, AssistantUnavailable, Offered, Reply
from language.foreign import foreign_language


class Rasa:
    """A client of the Rasa server at `url`; close it with `aclose` or use it in `async with`."""

    def __init__(self, url: str, secret: str, deadline: float) -> None:
        """Give each message `deadline` seconds (the setting `AMENDS_RASA_DEADLINE`)."""
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            base_url=url, headers={"X-Amends-Secret": secret}, timeout=deadline, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to Rasa."""
        await self._client.aclose()

    async def ask(
        self, sender: str, text: str, language: str, offered: Offered = NOTHING_OFFERED
    ) -> Answer:
        """Return the assistant's answer to a customer's message.

        Args:
            sender: The dialogue that the message is the next one of.
            text: The message.
            language: The language to answer in, "en" or "zh".
            offered: The choices that the customer saw.

        Raises:
            AssistantUnavailable: Rasa refuses, fails, exceeds the deadline or answers nothing
                usable.
        """
        metadata = {
            "language": language,
            "offered": offered.latest,
            "chosen": offered.chosen,
            "intent": intent_of(offered.chosen) if offered.chosen else _foreign(text),
            "context": offered.context,
        }
        message = {"sender": sender, "message": text, "metadata": metadata}
        try:
            # httpx limits each read; the deadline limits the whole exchange.
            async with asyncio.timeout(self._deadline):
                response = await self._client.post("/webhooks/amends/webhook", json=message)
            response.raise_for_status()
            return _answer(response.json())
        except TimeoutError as error:
            raise AssistantUnavailable(f"no answer within {self._deadline:g} s") from error
        except httpx.HTTPError as error:
            raise AssistantUnavailable(f"{type(error).__name__}: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise AssistantUnavailable(f"not understood: {type(error).__name__}") from error


def _foreign(text: str) -> str | None:
    """Return the intent of a message in a language that the assistant does not speak."""
    return "other_language" if foreign_language(text) else None


def _answer(body: dict[str, Any]) -> Answer:
    messages = body["messages"]
    if not messages:
        raise AssistantUnavailable("an empty answer")
    # An action may know the intent better: a "yes" to the offer of a person asks for that person.
    intents = [
        message["custom"]["intent"] for message in messages if "intent" in message.get("custom", ())
    ]
    return Answer(
        tuple(Reply.from_rasa(message) for message in messages),
        intents[0] if intents else body["intent"]["name"],
        body["intent"]["confidence"],
    )
