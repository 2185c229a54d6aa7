"""Where supervisors change the policy and the remedies: editor, comparison, history, roll-back."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.accounts import Account
from api.deps import Form, FormSupervisor, HouseDep, PageSupervisor
from api.house import House
from api.incoming import Id
from api.pages import casework
from api.pages.differences import differences
from api.pages.rendering import Page, PageDep
from api.pages.translation import N_
from conversation.text import inert
from store.engine import reading
from triage.errors import ReasonMissing, RuleFault, RulesChanged, RulesError, VersionUnknown
from triage.versions import KINDS, Kind, Version

router = APIRouter(prefix="/control/policy", include_in_schema=False)
logger = logging.getLogger(__name__)

HERE = "/control/policy"
NOTE_MISSING = N_("Say why: other supervisors read it in the history.")


@router.get("", response_class=HTMLResponse)
def rules(
    page: PageDep,
    me: PageSupervisor,
    house: HouseDep,
    kind: Annotated[Kind, Query()] = "policy",
    saved: bool = False,
) -> HTMLResponse:
    """Show the rules in force, in words and as text to be edited, and their history."""
    present = house.rules.present(kind)
    return _form(page, me, house, kind, present.text, based_on=str(present.number), saved=saved)


@router.post("", response_class=HTMLResponse)
def change(page: PageDep, me: FormSupervisor, house: HouseDep, form: Form) -> Response:
    """Put a text in force, compare it first, or show the form again with what is wrong."""
    kind: Kind = "remedies" if form.get("kind") == "remedies" else "policy"
    text, note = inert(form.get("text", "")), " ".join(inert(form.get("note", "")).split())
    kept: dict[str, Any] = {"note": note, "based_on": form.get("based_on", ""), "typed": True}
    if form.get("do") == "compare":
        return _form(page, me, house, kind, text, **kept, compare=True)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        house.rules.use(kind, text, note, me.id, _number(form.get("based_on", "")))
    except RulesError as error:
        return _form(page, me, house, kind, text, **kept, status=status, faults=error.faults)
    except ReasonMissing:
        fault = RuleFault(0, None, page.translate(NOTE_MISSING))
        return _form(page, me, house, kind, text, **kept, status=status, faults=[fault])
    except RulesChanged:
        kept["based_on"] = str(house.rules.present(kind).number)
        conflict = HTTPStatus.CONFLICT
        return _form(page, me, house, kind, text, **kept, status=conflict, changed=True)
    except OSError as error:
        logger.exception("the rules could not be saved")
        fault = RuleFault(0, None, f"{error.filename}: {error.strerror}")
        return _form(page, me, house, kind, text, **kept, status=status, faults=[fault])
    return RedirectResponse(f"{HERE}?kind={kind}&saved=true", HTTPStatus.SEE_OTHER)


@router.post("/rollback", response_class=HTMLResponse)
def roll_back(page: PageDep, me: FormSupervisor, house: HouseDep, form: Form) -> Response:
    """Put an earlier version in force again."""
    kind: Kind = "remedies" if form.get("kind") == "remedies" else "policy"
    number = _number(form.get("number", "")) or 0
    text = page.translate(N_("Version %(number)s restored")) % {"number": number}
    note = " ".join(inert(form.get("note", "")).split()) or text
    try:
        house.rules.roll_back(kind, number, note, me.id)
    except RulesError as error:
        # A version that was good once and is not any more: a fact that is gone, say.
        old = house.rules.version(kind, number).text
        kept: dict[str, Any] = {"note": note, "typed": True}
        kept["based_on"] = str(house.rules.present(kind).number)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _form(page, me, house, kind, old, **kept, status=status, faults=error.faults)
    except VersionUnknown:
        return page.show("problem.html", status=HTTPStatus.NOT_FOUND)
    return RedirectResponse(f"{HERE}?kind={kind}&saved=true", HTTPStatus.SEE_OTHER)


@router.get("/{kind}/{number}", response_class=HTMLResponse)
def version(
    kind: Kind, number: Id, page: PageDep, me: PageSupervisor, house: HouseDep
) -> HTMLResponse:
    """Show one version beside the one in force, and offer to restore it."""
    found, present = house.rules.version(kind, number), house.rules.present(kind)
    return page.show(
        "control_policy_version.html",
        **_frame(house, me),
        kind=kind,
        version=found,
        present=present,
        passages=differences(found.text, present.text),
    )


def _form(
    page: Page,
    me: Account,
    house: House,
    kind: Kind,
    text: str,
    *,
    based_on: str,
    note: str = "",
    status: int = 200,
    faults: Iterable[RuleFault] = (),
    changed: bool = False,
    compare: bool = False,
    typed: bool = False,
    saved: bool = False,
) -> HTMLResponse:
    """Show the editor with `text` in it.

    `changed`: other rules came into force while it was written; the reader sees how they differ.
    """
    history = house.rules.history(kind)
    present = history[0]
    return page.show(
        "control_policy.html",
        status=status,
        **_frame(house, me),
        kind=kind,
        kinds=KINDS,
        policy=house.policy,
        remedies=house.remedies,
        text=text,
        note=note,
        based_on=based_on,
        faults=sorted(faults, key=lambda fault: fault.line),
        file_faults=house.rules.faults(kind),
        passages=differences(_start(history, based_on, changed), text) if compare else None,
        meanwhile=differences(text, present.text) if changed else None,
        history=history,
        typed=typed,
        saved=saved,
    )


def _start(history: list[Version], based_on: str, changed: bool) -> str:
    wanted = None if changed else _number(based_on)
    return next((one.text for one in history if one.number == wanted), history[0].text)


def _frame(house: House, me: Account) -> Mapping[str, Any]:
    with reading(house.engine) as connection:
        return {"account": me, "waiting": len(casework.pending(connection))}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
