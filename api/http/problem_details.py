"""Errors as application/problem+json (RFC 9457), or as a page for browsers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from structlog.contextvars import get_contextvars

from accounts.account import SignInRefused, TooManyAttempts
from api.dependencies import NotSent
from api.http.middleware import REQUEST_ID
from api.pages.shared.rendering import Page
from api.pages.shared.translation import preferred_language
from assistant.orders.port import BackofficeDown, RequestRefused
from conversation import errors as chat
from triage import errors as triage

# The status of an error is that of its most specific class in this mapping.
STATUS: dict[type[Exception], HTTPStatus] = {
    chat.ConversationError: HTTPStatus.BAD_REQUEST,
    chat.ConversationUnknown: HTTPStatus.NOT_FOUND,
    chat.TokenRefused: HTTPStatus.FORBIDDEN,
    chat.ConversationClosed: HTTPStatus.CONFLICT,
    chat.MessageRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    chat.MessageConflict: HTTPStatus.CONFLICT,
    chat.SurveyRefused: HTTPStatus.CONFLICT,
    RequestRefused: HTTPStatus.CONFLICT,
    BackofficeDown: HTTPStatus.SERVICE_UNAVAILABLE,
    SignInRefused: HTTPStatus.UNAUTHORIZED,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    triage.TriageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    triage.CaseError: HTTPStatus.CONFLICT,
    triage.CaseUnknown: HTTPStatus.NOT_FOUND,
    triage.RootCauseUnknown: HTTPStatus.UNPROCESSABLE_ENTITY,
    triage.OfferConflict: HTTPStatus.CONFLICT,
    triage.VersionUnknown: HTTPStatus.NOT_FOUND,
    triage.RulesChanged: HTTPStatus.CONFLICT,
    triage.OfferUnknown: HTTPStatus.NOT_FOUND,
    triage.OwnApproval: HTTPStatus.FORBIDDEN,
    triage.NotAuthorised: HTTPStatus.FORBIDDEN,
    triage.AlreadyDecided: HTTPStatus.CONFLICT,
    triage.OfferExpired: HTTPStatus.CONFLICT,
    triage.DecisionUnknown: HTTPStatus.NOT_FOUND,
}


class Problem(JSONResponse):
    """A problem+json answer: {type, title, status, detail, …}."""

    media_type = "application/problem+json"

    def __init__(
        self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        """Build the response; `more` are further members."""
        super().__init__(describe(status, detail) | more, status, headers)


def describe(status: HTTPStatus, detail: str) -> dict[str, Any]:
    """Return the members that every problem has."""
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }


def status_of(error: Exception) -> HTTPStatus:
    """Return the HTTP status of an error of this product."""
    known = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return next(known, HTTPStatus.INTERNAL_SERVER_ERROR)


def install(app: FastAPI) -> None:
    """Install the error handlers."""
    for kind in STATUS:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _refused(request: Request, error: Exception) -> Response:
    status = status_of(error)
    if _expects_page(request):
        return Page(request, preferred_language(request)).show("problem.html", status=status)
    if isinstance(error, triage.RulesError):
        return Problem(status, str(error), faults=list(map(_rule_fault, error.faults)))
    return Problem(status, str(error))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if isinstance(error, NotSent):
        page = Page(request, preferred_language(request))
        return page.show("not_sent.html", status=status, typed=error.typed)
    if status >= HTTPStatus.BAD_REQUEST and _expects_page(request):
        return Page(request, preferred_language(request)).show("problem.html", status=status)
    detail = error.detail if error.detail != status.phrase else status.description
    if isinstance(error.__cause__, ValueError | RecursionError):
        # FastAPI's own message about an undecodable body does not help the client.
        detail = "The body is not JSON in UTF-8."
    return Problem(status, detail, dict(error.headers) if error.headers else None)


async def _invalid(_: Request, error: Exception) -> Problem:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [_fault(fault) for fault in error.errors()]
    malformed = any(fault["type"] == "json_invalid" for fault in error.errors())
    status = HTTPStatus.BAD_REQUEST if malformed else HTTPStatus.UNPROCESSABLE_ENTITY
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
    return Problem(status, detail, faults=faults)


async def _unexpected(_: Request, error: Exception) -> Problem:
    # The server logs the error itself after this answer, which no middleware sees.
    request_id = get_contextvars().get("request_id")
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something failed on our side. Nothing of this request was kept; please try again.",
        {REQUEST_ID: request_id} if request_id else None,
    )


def _expects_page(request: Request) -> bool:
    is_page = not request.url.path.startswith(("/api/", "/internal/", "/static/"))
    return is_page and "text/html" in request.headers.get("Accept", "")


def _rule_fault(fault: triage.RuleFault) -> dict[str, Any]:
    return {"line": fault.line, "rule": fault.rule, "what": fault.describe()}


def _fault(fault: Mapping[str, Any]) -> dict[str, str]:
    """Return an error of pydantic as {where, what}."""
    where = ".".join(str(part) for part in fault["loc"] if part != "body") or "body"
    if fault["type"] == "json_invalid":
        return {"where": "body", "what": f"is not JSON: {fault['ctx']['error']} at {where}"}
    if fault["type"] == "model_attributes_type":
        what = "must be a JSON object, sent with Content-Type: application/json"
        return {"where": where, "what": what}
    return {"where": where, "what": fault["msg"].removeprefix("Value error, ")}
