"""A company's own order service, asked over HTTP as docs/backoffice.md has it."""

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
from assistant.orders.port import BackofficeDown, Kind, Order, RequestRefused, Unconfirmed

TRIES = 3
LARGEST_ANSWER = 64 * 1024
PROBLEM = "application/problem+json"

_DONE = (httpx.codes.OK, httpx.codes.CREATED)
_REFUSED = (httpx.codes.NOT_FOUND, httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY)
_PASSING = (
    httpx.codes.BAD_GATEWAY,
    httpx.codes.SERVICE_UNAVAILABLE,
    httpx.codes.GATEWAY_TIMEOUT,
)

Said = TypeVar("Said", bound=BaseModel)


class _Passing(Exception):
    """The service says that it cannot answer just now."""


class _Answer(NamedTuple):
    status: int
    media_type: str
    body: bytes

    @property
    def is_problem(self) -> bool:
        """Whether the service itself said so, rather than something on the way to it."""
        return self.media_type == PROBLEM


class HttpBackoffice:
    """A Backoffice that asks the service at `url`. Its connections are kept open until `close`."""

    def __init__(self, url: str, token: str, timeout: float = 2.5, budget: float = 4.0) -> None:
        """Gives one try `timeout` seconds, and all tries of one question together `budget`."""
        self._timeout, self._budget = timeout, budget
        self._closing = ExitStack()
        # The actions ask from threads; only a loop can bound a whole exchange, headers and all.
        self._loop = self._closing.enter_context(start_blocking_portal(name="backoffice"))
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}", "Accept": f"application/json, {PROBLEM}"},
            timeout=None,  # noqa: S113 — asyncio's time-outs bound the whole, not each read
        )
        self._closing.callback(self._loop.call, self._client.aclose)

    def find_order(self, number: str, email: str) -> Order | None:
        """See Backoffice."""
        answer = self._ask("/orders/lookup", {"number": number, "email": email}, {})
        if answer.status == httpx.codes.NOT_FOUND and answer.is_problem:
            return None
        found = _read(answer, FoundOrder)
        if (found.number, found.email.casefold()) != (number, email.casefold()):
            raise BackofficeDown("the order service told of another order than was asked for")
        return found.order()

    def submit(self, number: str, kind: Kind, detail: str = "") -> str:
        """See Backoffice."""
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
        """See Backoffice."""
        self._closing.close()

    def _ask(self, path: str, body: dict[str, str], headers: dict[str, str]) -> _Answer:
        answer: _Answer = self._loop.call(self._ask_until, path, body, headers)
        return answer

    async def _ask_until(self, path: str, body: dict[str, str], headers: dict[str, str]) -> _Answer:
        try:
            async with asyncio.timeout(self._budget):
                return await _patiently()(self._try, path, body, headers)
        except (httpx.HTTPError, TimeoutError, _Passing) as fault:
            # The fault may quote what was said, so that it is not chained into the log.
            raise BackofficeDown(_reason(fault)) from None

    async def _try(self, path: str, body: dict[str, str], headers: dict[str, str]) -> _Answer:
        async with (
            asyncio.timeout(self._timeout),
            self._client.stream("POST", path, json=body, headers=headers) as response,
        ):
            if response.status_code in _PASSING:
                raise _Passing(f"status {response.status_code}")
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise BackofficeDown(f"an answer of more than {LARGEST_ANSWER} bytes")
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return _Answer(response.status_code, media_type, bytes(content))


def _patiently() -> AsyncRetrying:
    """Tries again what may pass: reading changes nothing, and a request carries its key."""
    return AsyncRetrying(
        retry=retry_if_exception_type((httpx.TransportError, TimeoutError, _Passing)),
        stop=stop_after_attempt(TRIES),
        wait=wait_random(0.05, 0.25),
        reraise=True,
    )


def _read(answer: _Answer, model: type[Said]) -> Said:
    if answer.status not in _DONE:
        raise BackofficeDown(f"status {answer.status} ({answer.media_type or 'no media type'})")
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['type']}" for e in error.errors())
        raise BackofficeDown(f"an answer that is not as agreed ({', '.join(faults)})") from None


def _reason(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    # Only before the service has spoken is the text of a transport error ours alone.
    speaks = isinstance(fault, httpx.ConnectError | _Passing)
    return f"{type(fault).__name__}: {fault}" if speaks else type(fault).__name__


def _key(number: str, kind: Kind, detail: str) -> str:
    """The same for the same request, however often and by whichever process it is sent."""
    return hashlib.sha256(json.dumps([number, kind, detail]).encode()).hexdigest()
