"""The policy and the remedies: editor, comparison, history, roll-back."""

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
from api.input_types import Id
from api.pages.control.room import room
from api.pages.control.rule_faults import ShownFault, shown_faults
from api.pages.control.text_diff import differences
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from conversation.message_text import inert
from store.enums import RuleFile
from triage.analytics.operating_points import HandoverThresholds
from triage.compensation.remedies import load_remedies
from triage.errors import ReasonMissing, RuleFault, RulesChanged, RulesError
from triage.policy.calendar import DAYS
from triage.policy.policy import load_policy
from triage.rules.versions import Version

router = APIRouter(prefix="/control/policy", include_in_schema=False)
logger = logging.getLogger(__name__)

ADDRESS = "/control/policy"
NOTE_MISSING = N_("Please give a reason. Other supervisors see it in the history.")


@router.get("", response_class=HTMLResponse)
def show_rules(
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
    kind: Annotated[RuleFile, Query()] = RuleFile.POLICY,
    saved: Id = 0,
    threshold: Annotated[float | None, Query(ge=0, le=1)] = None,
) -> HTMLResponse:
    """Show the rules in force, in words and as text, and their history.

    With a `threshold`, the policy is shown with this threshold of `escalation`, to be put in force.
    """
    present = container.rule_repository.present(kind)
    if threshold is not None and kind == RuleFile.POLICY:
        text = HandoverThresholds(present.text).with_threshold(threshold)
        based_on = str(present.number)
        return _form(
            page, supervisor, container, kind, text, based_on=based_on, typed=True, compare=True
        )
    return _form(
        page, supervisor, container, kind, present.text, based_on=str(present.number), saved=saved
    )


@router.post("", response_class=HTMLResponse)
def change(
    page: PageDep, supervisor: FormSupervisor, container: ContainerDep, form: Form
) -> Response:
    """Put a text in force, compare it first, or show the form again with what is wrong."""
    kind = _kind(form)
    text, note = inert(form.get("text", "")), " ".join(inert(form.get("note", "")).split())
    kept: dict[str, Any] = {"note": note, "based_on": form.get("based_on", ""), "typed": True}
    if form.get("do") == "compare":
        return _form(page, supervisor, container, kind, text, **kept, compare=True)
    # Without the number of the edited version the form is refused as outdated.
    based_on = _number(kept["based_on"]) or 0
    return _answer(
        page,
        supervisor,
        container,
        kind,
        text,
        kept,
        lambda: container.rule_repository.use(kind, text, note, supervisor.id, based_on),
    )


@router.post("/rollback", response_class=HTMLResponse)
def roll_back(
    page: PageDep, supervisor: FormSupervisor, container: ContainerDep, form: Form
) -> Response:
    """Put an earlier version in force again."""
    kind = _kind(form)
    number, based_on = _number(form.get("number", "")) or 0, form.get("based_on", "")
    usual = page.translate(N_("Version %(number)s restored")) % {"number": number}
    note = " ".join(inert(form.get("note", "")).split()) or usual
    # A version that was valid once may have faults now: a fact may have been removed.
    text = container.rule_repository.version(kind, number).text
    kept: dict[str, Any] = {"note": note, "based_on": based_on, "typed": True}
    change = partial(
        container.rule_repository.roll_back,
        kind,
        number,
        note,
        supervisor.id,
        _number(based_on) or 0,
    )
    return _answer(page, supervisor, container, kind, text, kept, change)


@router.get("/{kind}/{number}", response_class=HTMLResponse)
def show_version(
    kind: RuleFile, number: Id, page: PageDep, supervisor: PageSupervisor, container: ContainerDep
) -> HTMLResponse:
    """Show one version beside the one in force, and offer to restore it."""
    found, present = (
        container.rule_repository.version(kind, number),
        container.rule_repository.present(kind),
    )
    before = container.rule_repository.version(kind, number - 1).text if number > 1 else found.text
    return page.show(
        "control_policy_version.html",
        **room(container, supervisor),
        kind=kind,
        version=found,
        present=present,
        changed=differences(before, found.text),
        passages=differences(found.text, present.text),
    )


def _answer(
    page: Page,
    supervisor: Account,
    container: Container,
    kind: RuleFile,
    text: str,
    kept: dict[str, Any],
    change: Callable[[], Version],
) -> Response:
    """Make a change, or show the form again with `text` and what is wrong with it."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        saved = change()
    except RulesError as error:
        faults = shown_faults(page, error.faults, text)
    except ReasonMissing:
        faults = [ShownFault(0, None, page.translate(NOTE_MISSING))]
    except RulesChanged:
        kept = kept | {"based_on": str(container.rule_repository.present(kind).number)}
        conflict = HTTPStatus.CONFLICT
        return _form(page, supervisor, container, kind, text, **kept, status=conflict, changed=True)
    except OSError as error:
        logger.exception("could not save the %s", kind)
        faults = [ShownFault(0, None, f"{error.filename}: {error.strerror}")]
    else:
        return RedirectResponse(f"{ADDRESS}?kind={kind}&saved={saved.number}", HTTPStatus.SEE_OTHER)
    return _form(page, supervisor, container, kind, text, **kept, status=status, faults=faults)


def _form(
    page: Page,
    supervisor: Account,
    container: Container,
    kind: RuleFile,
    text: str,
    *,
    based_on: str,
    note: str = "",
    status: int = 200,
    faults: Iterable[ShownFault] = (),
    changed: bool = False,
    compare: bool = False,
    typed: bool = False,
    saved: int = 0,
) -> HTMLResponse:
    """Show the editor with `text` in it.

    Args:
        page: The page.
        supervisor: Who edits the rules.
        container: The container.
        kind: Which file of rules.
        text: The text in the editor.
        based_on: The number of the version that was edited.
        note: The note on the change.
        status: The HTTP status.
        faults: What is wrong with the text.
        changed: Other rules came into force while the text was edited; the differences are shown.
        compare: Show the differences from the version that was edited.
        typed: The text is not saved yet.
        saved: The number of the version that has just been saved.
    """
    history, present = (
        container.rule_repository.history(kind),
        container.rule_repository.present(kind),
    )
    if compare:
        faults = shown_faults(page, _faults(kind, text), text)
    return page.show(
        "control_policy.html",
        status=status,
        **room(container, supervisor),
        kind=kind,
        kinds=RuleFile,
        days=DAYS,
        policy=container.policy,
        remedies=container.remedies,
        text=text,
        note=note,
        based_on=based_on,
        faults=faults,
        file_faults=shown_faults(page, container.rule_repository.faults(kind), ""),
        passages=differences(_edited_text(history, based_on, changed), text) if compare else None,
        meanwhile=differences(text, present.text) if changed else None,
        history=history,
        present=present,
        typed=typed,
        saved=saved,
    )


def _edited_text(history: list[Version], based_on: str, changed: bool) -> str:
    wanted = None if changed else _number(based_on)
    return next((old.text for old in history if old.number == wanted), history[0].text)


def _faults(kind: RuleFile, text: str) -> tuple[RuleFault, ...]:
    try:
        (load_policy if kind == RuleFile.POLICY else load_remedies)(text)
    except RulesError as error:
        return error.faults
    return ()


def _kind(form: Mapping[str, str]) -> RuleFile:
    return RuleFile.REMEDIES if form.get("kind") == RuleFile.REMEDIES else RuleFile.POLICY


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
