"""Where supervisors change the policy and the remedies: editor, comparison, history, roll-back."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from accounts.account import Account
from api.container import Container
from api.dependencies import ContainerDep, Form, FormSupervisor, PageSupervisor
from api.pages.control.rule_faults import ToldFault, told
from api.pages.control.text_diff import differences
from api.pages.desk import queries
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from api.schemas import Id
from conversation.message_text import inert
from store.engine import reading
from store.enums import RuleFile
from triage.compensation.remedies import load_remedies
from triage.errors import ReasonMissing, RuleFault, RulesChanged, RulesError
from triage.policy.calendar import DAYS
from triage.policy.policy import load_policy
from triage.rules.versions import Version

router = APIRouter(prefix="/control/policy", include_in_schema=False)
logger = logging.getLogger(__name__)

HERE = "/control/policy"
NOTE_MISSING = N_("Say why: other supervisors read it in the history.")


@router.get("", response_class=HTMLResponse)
def rules(
    page: PageDep,
    me: PageSupervisor,
    container: ContainerDep,
    kind: Annotated[RuleFile, Query()] = RuleFile.POLICY,
    saved: Id = 0,
) -> HTMLResponse:
    """Show the rules in force, in words and as text to be edited, and their history."""
    present = container.rule_repository.present(kind)
    return _form(page, me, container, kind, present.text, based_on=str(present.number), saved=saved)


@router.post("", response_class=HTMLResponse)
def change(page: PageDep, me: FormSupervisor, container: ContainerDep, form: Form) -> Response:
    """Put a text in force, compare it first, or show the form again with what is wrong."""
    kind = RuleFile.REMEDIES if form.get("kind") == "remedies" else RuleFile.POLICY
    text, note = inert(form.get("text", "")), " ".join(inert(form.get("note", "")).split())
    kept: dict[str, Any] = {"note": note, "based_on": form.get("based_on", ""), "typed": True}
    if form.get("do") == "compare":
        return _form(page, me, container, kind, text, **kept, compare=True)
    # A form that does not say which version it was made from was made from none.
    based_on = _number(kept["based_on"]) or 0
    return _answer(
        page,
        me,
        container,
        kind,
        text,
        kept,
        lambda: container.rule_repository.use(kind, text, note, me.id, based_on),
    )


@router.post("/rollback", response_class=HTMLResponse)
def roll_back(page: PageDep, me: FormSupervisor, container: ContainerDep, form: Form) -> Response:
    """Put an earlier version in force again."""
    kind = RuleFile.REMEDIES if form.get("kind") == "remedies" else RuleFile.POLICY
    number, based_on = _number(form.get("number", "")) or 0, form.get("based_on", "")
    usual = page.translate(N_("Version %(number)s restored")) % {"number": number}
    note = " ".join(inert(form.get("note", "")).split()) or usual
    # A version that was good once need not be any more: a fact may be gone.
    text = container.rule_repository.version(kind, number).text
    kept: dict[str, Any] = {"note": note, "based_on": based_on, "typed": True}
    work = partial(
        container.rule_repository.roll_back, kind, number, note, me.id, _number(based_on) or 0
    )
    return _answer(page, me, container, kind, text, kept, work)


@router.get("/{kind}/{number}", response_class=HTMLResponse)
def version(
    kind: RuleFile, number: Id, page: PageDep, me: PageSupervisor, container: ContainerDep
) -> HTMLResponse:
    """Show one version beside the one in force, and offer to restore it."""
    found, present = (
        container.rule_repository.version(kind, number),
        container.rule_repository.present(kind),
    )
    before = container.rule_repository.version(kind, number - 1).text if number > 1 else found.text
    return page.show(
        "control_policy_version.html",
        **_frame(container, me),
        kind=kind,
        version=found,
        present=present,
        changed=differences(before, found.text),
        passages=differences(found.text, present.text),
    )


def _answer(
    page: Page,
    me: Account,
    container: Container,
    kind: RuleFile,
    text: str,
    kept: dict[str, Any],
    work: Callable[[], Version],
) -> Response:
    """Do `work`, or show the form again with `text`, as it was typed, and what is wrong."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        saved = work()
    except RulesError as error:
        faults = told(page, error.faults, text)
    except ReasonMissing:
        faults = [ToldFault(0, None, page.translate(NOTE_MISSING))]
    except RulesChanged:
        kept = kept | {"based_on": str(container.rule_repository.present(kind).number)}
        conflict = HTTPStatus.CONFLICT
        return _form(page, me, container, kind, text, **kept, status=conflict, changed=True)
    except OSError as error:
        logger.exception("could not save the %s file", kind)
        faults = [ToldFault(0, None, f"{error.filename}: {error.strerror}")]
    else:
        return RedirectResponse(f"{HERE}?kind={kind}&saved={saved.number}", HTTPStatus.SEE_OTHER)
    return _form(page, me, container, kind, text, **kept, status=status, faults=faults)


def _form(
    page: Page,
    me: Account,
    container: Container,
    kind: RuleFile,
    text: str,
    *,
    based_on: str,
    note: str = "",
    status: int = 200,
    faults: Iterable[ToldFault] = (),
    changed: bool = False,
    compare: bool = False,
    typed: bool = False,
    saved: int = 0,
) -> HTMLResponse:
    """Show the editor with `text` in it.

    `changed`: other rules came into force while it was written; the reader sees how they differ.
    """
    history, present = (
        container.rule_repository.history(kind),
        container.rule_repository.present(kind),
    )
    if compare:
        faults = told(page, _faults(kind, text), text)
    return page.show(
        "control_policy.html",
        status=status,
        **_frame(container, me),
        kind=kind,
        kinds=RuleFile,
        days=DAYS,
        policy=container.policy,
        remedies=container.remedies,
        text=text,
        note=note,
        based_on=based_on,
        faults=faults,
        file_faults=told(page, container.rule_repository.faults(kind), ""),
        passages=differences(_start(history, based_on, changed), text) if compare else None,
        meanwhile=differences(text, present.text) if changed else None,
        history=history,
        present=present,
        typed=typed,
        saved=saved,
    )


def _start(history: list[Version], based_on: str, changed: bool) -> str:
    wanted = None if changed else _number(based_on)
    return next((one.text for one in history if one.number == wanted), history[0].text)


def _faults(kind: RuleFile, text: str) -> tuple[RuleFault, ...]:
    try:
        (load_policy if kind == "policy" else load_remedies)(text)
    except RulesError as error:
        return error.faults
    return ()


def _frame(container: Container, me: Account) -> Mapping[str, Any]:
    with reading(container.engine) as connection:
        return {"account": me, "waiting": len(queries.pending(connection))}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
