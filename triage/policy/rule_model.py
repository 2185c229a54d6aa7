"""The shared base of the models of rule files: field types, and the lines of faults."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    ValidationError,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core import core_schema as schema

from language.detect import LANGUAGES
from triage.errors import RuleFault, RulesError
from triage.features.facts import FACTS
from triage.policy.condition import Condition, compile_condition
from triage.rule_faults import Fault, fault, short, shown
from triage.rule_file import content_hash, line_of, read

File = TypeVar("File", bound="Model")
# An error with its path from the value that is validated.
LocatedError = tuple[tuple[str | int, ...], PydanticCustomError]

LARGEST_NUMBER = 1_000_000_000
# Faults of values of the wrong type; a key without a value is reported as missing instead.
_TYPE_FAULTS = {kind for name, kind in Fault.__members__.items() if name.endswith("_TYPE")}


class Model(BaseModel):
    """Base of the models: strict types, and no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def load(model: type[File], source: Path | str, error_type: type[RulesError]) -> tuple[File, str]:
    """Return the rules in a file (Path) or a text (str), and the hash of their content.

    Raises:
        RulesError: Of the class `error_type`, with every fault, its line and its rule.
    """
    tree = read(source, error_type)
    try:
        # Validators that refer to other parts of the file find them in the context.
        rules = model.model_validate(tree, context=tree)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise error_type(_rule_fault(tree, detail) for detail in details) from None
    return rules, content_hash(tree)


def _rule_fault(tree: Any, error: ErrorDetails) -> RuleFault:
    """Return `error` as a fault with its line in `tree` and its rule."""
    loc = [part for part in error["loc"] if part != "[key]"]
    node, rule, path, line = tree, "", list[str](), line_of(tree)
    for part in loc:
        if isinstance(node, list):
            line, node = line_of(node, part), node[int(part)]
        else:
            path.append(str(part))
            # Pydantic reports keys that are not strings as strings. A missing key gets the line of
            # its parent.
            keys = node if isinstance(node, dict) else ()
            key = next((known for known in keys if part in (known, str(known))), part)
            line = line_of(node, key) if key in keys else line
            node = node[key] if key in keys else None
        if isinstance(node, dict) and "id" in node:
            rule, path = short(str(node["id"])), []
    if not rule and len(path) > 1:
        rule = path.pop(0)
    kind = Fault[error["type"].upper()]
    if kind is Fault.LITERAL_ERROR and len(loc) < len(error["loc"]):
        kind = Fault.EXTRA_FORBIDDEN
    elif kind in _TYPE_FAULTS and node is None:
        kind = Fault.MISSING
    about = {
        "key": short(".".join(path)),
        "name": shown(str(loc[-1])),
        "value": shown(node),
        **{name: _formatted(value) for name, value in error.get("ctx", {}).items()},
    }
    if kind is Fault.LITERAL_ERROR:
        about["expected"] = re.sub(r"'(\w+)'", r"\1", about["expected"].replace(" or ", ", "))
    return RuleFault(line, rule or None, kind, about)


def _formatted(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float | Decimal) else str(value)


def raise_all(errors: Iterable[LocatedError]) -> None:
    """Raise all errors together, if there are any."""
    if details := [InitErrorDetails(type=error, loc=loc, input=None) for loc, error in errors]:
        raise ValidationError.from_exception_data("rules", details)


def checked(check: Callable[[Any], Iterable[LocatedError]]) -> WrapValidator:
    """Return a validator that reports the errors of `check` together with the field's own."""

    def validate(raw: Any, handler: Callable[[Any], Any]) -> Any:
        errors = list(check(raw))
        try:
            value = handler(raw)
        except ValidationError as error:
            errors += [
                (
                    detail["loc"],
                    PydanticCustomError(detail["type"], detail["msg"], detail.get("ctx")),
                )
                for detail in error.errors(include_url=False)
            ]
        raise_all(errors)
        return value

    return WrapValidator(validate)


def read_as(file_type: Any, convert: Callable[[Any], Any]) -> GetPydanticSchema:
    """Return the schema of a value that is written as `file_type` and then converted."""
    return GetPydanticSchema(
        lambda _, handler: schema.no_info_after_validator_function(
            convert, handler.generate_schema(file_type)
        )
    )


def one_of(options: Iterable[str | int]) -> GetPydanticSchema:
    """Return the schema of a value that is one of `options`."""
    values = list(options)
    return GetPydanticSchema(lambda _, __: schema.literal_schema(values))


def member_of(enum: type[StrEnum]) -> GetPydanticSchema:
    """Return the schema of a member of `enum`, which is written as its value."""
    return read_as(Annotated[str, one_of(map(str, enum))], enum)


def keyed(keys: Iterable[str], value: Any) -> GetPydanticSchema:
    """Return the schema of a mapping with exactly these keys, each with a `value`."""
    return GetPydanticSchema(
        lambda _, handler: schema.typed_dict_schema(
            {key: schema.typed_dict_field(handler.generate_schema(value)) for key in keys},
            extra_behavior="forbid",
        )
    )


def _not_blank(text: str) -> str:
    if not text.strip():
        raise fault(Fault.EMPTY)
    return text


def _known_fact(name: str) -> str:
    if name not in FACTS:
        raise fault(Fault.UNKNOWN_FACT, name=shown(name))
    return name


def _repeated_ids(entries: Any) -> Iterable[LocatedError]:
    ids = set[str]()
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        entry_id = str(entry.get("id")) if isinstance(entry, dict) else ""
        if entry_id in ids:
            yield (index, "id"), fault(Fault.REPEATED_ID)
        ids |= {entry_id} - {""}


Number = Annotated[Decimal, Field(strict=False, ge=0, le=LARGEST_NUMBER)]
Share = Annotated[Decimal, Field(strict=False, ge=0, le=1)]
NonBlank = Annotated[
    str, AfterValidator(_not_blank), WithJsonSchema({"type": "string", "pattern": r"\S"})
]
# A text in both languages.
Text = Annotated[Mapping[str, str], keyed(LANGUAGES, NonBlank)]
FactName = Annotated[str, AfterValidator(_known_fact), WithJsonSchema({"enum": sorted(FACTS)})]
RuleCondition = Annotated[Condition, read_as(NonBlank, compile_condition)]


class Entry(Model):
    """One entry of a list whose entries have unique ids."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")


EntryType = TypeVar("EntryType", bound=Entry)
Entries = Annotated[list[EntryType], Field(min_length=1), checked(_repeated_ids)]
