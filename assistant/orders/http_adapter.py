"""The client of a company's own order service over HTTP, as docs/backoffice.md describes it."""

import asyncio
import hashlib
import json
from contextlib import ExitStack
from typing import NamedTuple, TypeVar
from urllib.parse import quote

import httpx
from anyio.from_thread import start_blocking_portal
from pydantic import BaseModel, ValidationError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random

from assistant.orders.contract import FoundOrder, TakenRequest
from assistant.orders.port import BackofficeDown, Order, RequestKind, RequestRefused, Unconfirmed

TRIES = 3
LARGEST_ANSWER = 64 * 1024
PROBLEM = "application/problem+json"

_SUCCESS = (httpx.codes.OK, httpx.codes.CREATED)
_REFUSED = (httpx.codes.NOT_FOUND, httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY)
_TEMPORARY = (
    httpx.codes.BAD_GATEWAY,
    httpx.codes.SERVICE_UNAVAILABLE,
    httpx.codes.GATEWAY_TIMEOUT,
)

Body = TypeVar("Body", bound=BaseModel)


class _TemporaryFailure(Exception):
    """The service answered with a status that means "try again"."""


class _Answer(NamedTuple):
    status: int
    media_type: str
    body: bytes

    @property
    def is_problem(self) -> bool:
        """Whether the answer is the service's own, and not a proxy's."""
        return self.media_type == PROBLEM


class HttpBackoffice:
    """A Backoffice over the service at `url`. Its connections are kept open until `close`."""

    def __init__(self, url: str, token: str, timeout: float = 2.5, budget: float = 4.0) -> None:
        """Give one try `timeout` seconds, and all tries of one call together `budget` seconds."""
        self._timeout, self._budget = timeout, budget
        self._closing = ExitStack()
        # Actions run in threads; only an event loop can limit the time of a whole exchange.
        self._loop = self._closing.enter_context(start_blocking_portal(name="backoffice"))
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}", "Accept": f"application/json, {PROBLEM}"},
            timeout=None,  # noqa: S113 — asyncio's time-outs limit the whole exchange, not each read
        )
        self._closing.callback(self._loop.call, self._client.aclose)

    def find_order(self, number: str, email: str) -> Order | None:
        """Return an order as Backoffice says."""
        answer = self._ask("/orders/lookup", {"number": number, "email": email}, {})
        if answer.status == httpx.codes.NOT_FOUND and answer.is_problem:
            return None
        found = _read(answer, FoundOrder)
        if (found.number, found.email.casefold()) != (number, email.casefold()):
            raise BackofficeDown("the order service told of another order than was asked for")
        return found.order()

    def submit(self, number: str, kind: RequestKind, detail: str = "") -> str:
        """Submit a request as Backoffice says."""
        path = f"/orders/{quote(number, safe='')}/requests"
        request: dict[str, str] = {"kind": kind, "detail": detail}
        try:
            answer = self._ask(path, request, {"Idempotency-Key": _key(number, kind, detail)})
            if answer.status in _REFUSED and answer.is_problem:
                raise RequestRefused(f"the order service answered with status {answer.status}")
            return _read(answer, TakenRequest).reference
        except BackofficeDown as fault:
            raise Unconfirmed(str(fault)) from None

    def close(self) -> None:
        """Close its connections."""
        self._closing.close()

    def _ask(self, path: str, body: dict[str, str], headers: dict[str, str]) -> _Answer:
        answer: _Answer = self._loop.call(self._ask_until, path, body, headers)
        return answer

    async def _ask_until(self, path: str, body: dict[str, str], headers: dict[str, str]) -> _Answer:
        try:
            async with asyncio.timeout(self._budget):
                return await _retrying()(self._try, path, body, headers)
        except (httpx.HTTPError, TimeoutError, _TemporaryFailure) as fault:
            # The error may quote the request, so it is not chained into the log.
            raise BackofficeDown(_reason(fault)) from None

    async def _try(self, path: str, body: dict[str, str], headers: dict[str, str]) -> _Answer:
        async with (
            asyncio.timeout(self._timeout),
            self._client.stream("POST", path, json=body, headers=headers) as response,
        ):
            if response.status_code in _TEMPORARY:
                raise _TemporaryFailure(f"status {response.status_code}")
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise BackofficeDown(f"an answer of more than {LARGEST_ANSWER} bytes")
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return _Answer(response.status_code, media_type, bytes(content))


def _retrying() -> AsyncRetrying:
    """Return what retries a failed try: reading changes nothing, and a request has its key."""
    return AsyncRetrying(
        retry=retry_if_exception_type((httpx.TransportError, TimeoutError, _TemporaryFailure)),
        stop=stop_after_attempt(TRIES),
        wait=wait_random(0.05, 0.25),
        reraise=True,
    )


def _read(answer: _Answer, model: type[Body]) -> Body:
    if answer.status not in _SUCCESS:
        raise BackofficeDown(f"status {answer.status} ({answer.media_type or 'no media type'})")
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['type']}"
            for fault in error.errors()
        )
        raise BackofficeDown(f"an answer that is not as agreed ({', '.join(faults)})") from None


def _reason(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    # Before the service has answered, the text of a transport error holds nothing of an order.
    safe = isinstance(fault, httpx.ConnectError | _TemporaryFailure)
    return f"{type(fault).__name__}: {fault}" if safe else type(fault).__name__


def _key(number: str, kind: RequestKind, detail: str) -> str:
    """Return an idempotency key: the same for the same request, from any process."""
    return hashlib.sha256(json.dumps([number, kind, detail]).encode()).hexdigest()
