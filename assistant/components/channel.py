"""The only channel into Rasa: REST behind a secret, which returns the intent with the replies."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from assistant.focus import Focus

logger = logging.getLogger(__name__)

# What a message of slashes alone says.
_NOTHING = "?"

Handler = Callable[[UserMessage], Awaitable[Any]]


class SecretRest(RestInput):
    """Accepts {sender, message, metadata} from clients that know the secret.

    The metadata is what `assistant.rasa.client` sends: {language, offered, chosen, intent,
    context}; what the dialogue has in focus is added to its context. The answer is
    {"messages": [Rasa's replies], "intent": {"name", "confidence"}}. A request without the right
    `X-Amends-Secret` gets 401, one without sender or text 400, and a failure of the bot 500, so
    that the caller can tell it from an answer without replies.
    """

    def __init__(self, secret: str) -> None:
        """Accept requests with `secret`; with an empty secret, accept none."""
        self._secret = secret

    @classmethod
    def name(cls) -> str:
        """Return the name, below which Rasa serves it: /webhooks/amends."""
        return "amends"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> SecretRest:
        """Return the channel that `credentials.yml` configures."""
        return cls(str((credentials or {}).get("secret") or ""))

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """Return the routes: GET / (is a model loaded?) and POST /webhook (a message)."""
        routes = Blueprint("amends_channel")

        @routes.get("/")
        async def health(request: Request) -> HTTPResponse:
            ready = request.app.ctx.agent.is_ready()
            return response.json({"ready": ready}, status=200 if ready else 503)

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            if not self._is_authorised(request):
                return response.json({"error": "the secret is missing or wrong"}, status=401)
            sender, text = await self._extract_sender(request), self._extract_message(request)
            if not sender or not text:
                return response.json({"error": "sender and message are needed"}, status=400)
            return await self._answer(request, on_new_message, sender, text)

        return routes

    def _is_authorised(self, request: Request) -> bool:
        given = request.headers.get("X-Amends-Secret", "")
        return bool(self._secret) and hmac.compare_digest(given.encode(), self._secret.encode())

    def _extract_message(self, request: Request) -> str | None:
        # Rasa reads "/intent{...}" as a command; from a customer it is plain text.
        text = (request.json or {}).get("message")
        return (text.strip().lstrip("/ ") or _NOTHING) if isinstance(text, str) else None

    async def _answer(
        self, request: Request, on_new_message: Handler, sender: str, text: str
    ) -> HTTPResponse:
        processor = request.app.ctx.agent.processor
        metadata = self.get_metadata(request) or {}
        try:
            tracker = await processor.get_tracker(sender)
            turn = 1 + sum(event.type_name == "user" for event in tracker.events)
            in_focus = Focus.of(tracker.current_slot_values()).kinds(turn)
            in_form = ["form"] if tracker.active_loop_name else []
            context = [*(metadata.get("context") or ()), *in_focus, *in_form]
            message = UserMessage(
                text,
                CollectingOutputChannel(),
                sender,
                input_channel=self.name(),
                metadata={**metadata, "context": context},
            )
            # The message is parsed here because the intent is returned with the replies.
            message.parse_data = await processor.parse_message(message)
            await on_new_message(message)
        except (Exception, asyncio.CancelledError):
            logger.exception("could not answer a message")
            return response.json({"error": "the bot failed"}, status=500)
        intent = message.parse_data["intent"]
        return response.json(
            {
                "messages": message.output_channel.messages,
                "intent": {"name": intent["name"], "confidence": intent["confidence"]},
            }
        )
