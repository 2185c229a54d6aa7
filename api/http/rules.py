"""The policy and the remedies: the text in force, changes, versions."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from api.dependencies import ContainerDep, Supervisor
from api.input_types import Id, InputModel, PlainText
from store.enums import RuleFile
from triage.compensation.remedies import load_remedies
from triage.policy.policy import load_policy
from triage.rule_file import LONGEST as MOST_TEXT
from triage.rules.versions import Version

router = APIRouter(prefix="/api/triage/rules", tags=["control"])


class RulesIn(InputModel):
    """The whole text of a policy.yml or remedies.yml, and why it is to be in force.

    `based_on` is the number of the version that was edited.
    """

    text: str = Field(max_length=MOST_TEXT)
    note: PlainText = Field(max_length=300)
    based_on: int | None = None


class RulesCheckIn(InputModel):
    """The whole text of a policy.yml or remedies.yml."""

    text: str = Field(max_length=MOST_TEXT)


class RollBackIn(InputModel):
    """An earlier version that is to be in force again, and why.

    `based_on` is the number of the version that is in force as far as the client knows.
    """

    number: Id
    note: PlainText = Field(max_length=300)
    based_on: int | None = None


@router.get("/{kind}")
def read_rules(kind: RuleFile, _: Supervisor, container: ContainerDep) -> dict[str, Any]:
    """Return the rules in force, and why the text of their file is not in force, if so."""
    faults = container.rule_repository.faults(kind)
    return _with_text(container.rule_repository.present(kind)) | {"faults": list(map(str, faults))}


@router.post("/{kind}")
def change_rules(
    kind: RuleFile, supervisor: Supervisor, container: ContainerDep, new: RulesIn
) -> dict[str, Any]:
    """Put a text in force; it is refused whole when anything in it is wrong."""
    return _with_text(
        container.rule_repository.use(kind, new.text, new.note, supervisor.id, new.based_on)
    )


@router.post("/{kind}/check", status_code=204)
def check_rules(kind: RuleFile, _: Supervisor, new: RulesCheckIn) -> None:
    """Check a text without putting it in force; the answer lists every fault."""
    (load_policy if kind == RuleFile.POLICY else load_remedies)(new.text)


@router.get("/{kind}/versions")
def list_versions(kind: RuleFile, _: Supervisor, container: ContainerDep) -> list[dict[str, Any]]:
    """Return every version with its author and note, newest first."""
    return [version.as_json() for version in container.rule_repository.history(kind)]


@router.get("/{kind}/versions/{number}")
def read_version(
    kind: RuleFile, number: Id, _: Supervisor, container: ContainerDep
) -> dict[str, Any]:
    """Return one version with its text."""
    return _with_text(container.rule_repository.version(kind, number))


@router.post("/{kind}/rollback")
def roll_back(
    kind: RuleFile, supervisor: Supervisor, container: ContainerDep, new: RollBackIn
) -> dict[str, Any]:
    """Put an earlier version in force again, as a new one."""
    return _with_text(
        container.rule_repository.roll_back(kind, new.number, new.note, supervisor.id, new.based_on)
    )


def _with_text(version: Version) -> dict[str, Any]:
    return version.as_json() | {"text": version.text}
