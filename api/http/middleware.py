"""What happens to every request: an id for the log, security headers, a limit of size."""

from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from api.logging import LOGGABLE_ID

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
# FastAPI's documentation pages load scripts from other hosts.
WITHOUT_POLICY = ("/docs", "/redoc")
# A policy to replay is the largest public request; Rasa sends whole dialogues to /internal/.
LARGEST_BODY = 2 * 1024**2
WITHOUT_LIMIT = "/internal/"


REQUEST_ID = "X-Request-ID"


class RequestId:
    """Gives every request an id: for its log lines, and as a header of its response."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind the id that the request brings, or a new one; then pass the call on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if LOGGABLE_ID.fullmatch(given) else uuid4().hex
        # The ids stay bound after the call: the server logs a failed request in the same context.
        clear_contextvars()
        bind_contextvars(request_id=request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class SecurityHeaders:
    """Adds the headers to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and add the headers to its response."""
        if scope["type"] != "http" or scope["path"].startswith(WITHOUT_POLICY):
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class BodySizeLimit:
    """Refuses request bodies that are too large with status 413."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application; raise an HTTPException when the body is too large."""
        if scope["type"] != "http" or scope["path"].startswith(WITHOUT_LIMIT):
            await self._app(scope, receive, send)
            return
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size <= LARGEST_BODY:
                return message
            # Read the rest: a response before the end of the body would be lost.
            while message.get("more_body", False):
                message = await receive()
            raise HTTPException(413, f"A request may have {LARGEST_BODY:,} bytes at most.")

        await self._app(scope, limited, send)
