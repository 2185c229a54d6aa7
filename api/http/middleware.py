"""Security headers of responses, and the size limit of request bodies."""

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
