"""What the models of the triage's rule files share: fields, and how faults get their lines."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
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
# Where a fault is, from the value that is validated, and what it is.
Found = tuple[tuple[str | int, ...], PydanticCustomError]

LARGEST_NUMBER = 1_000_000_000
# A key without a value is a missing key, not one with a value of the wrong kind.
_OF_KIND = {what for name, what in Fault.__members__.items() if name.endswith("_TYPE")}


class Model(BaseModel):
    """Base of the models: nothing is converted in silence, and no key is ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def load(model: type[File], source: Path | str, refuse: type[RulesError]) -> tuple[File, str]:
    """Return the rules in a file (Path) or a text (str), and the hash of what they mean.

    Raises:
        RulesError: Of the class `refuse`, with every fault, its line and its rule.
    """
    tree = read(source, refuse)
    try:
        # What refers to other parts of the file finds them in the context.
        rules = model.model_validate(tree, context=tree)
    except ValidationError as error:
        raise refuse(_located(tree, each) for each in error.errors(include_url=False)) from None
    return rules, content_hash(tree)


def _located(tree: Any, error: ErrorDetails) -> RuleFault:
    """Return the fault that `error` stands for, with its line in `tree` and its rule."""
    loc = [part for part in error["loc"] if part != "[key]"]
    node, rule, path, line = tree, "", list[str](), line_of(tree)
    for part in loc:
        if isinstance(node, list):
            line, node = line_of(node, part), node[int(part)]
        else:
            path.append(str(part))
            # Of keys that are no text pydantic gives the text. A missing key has its parent's line.
            keys = node if isinstance(node, dict) else ()
            key = next((each for each in keys if part in (each, str(each))), part)
            line = line_of(node, key) if key in keys else line
            node = node[key] if key in keys else None
        if isinstance(node, dict) and "id" in node:
            rule, path = short(str(node["id"])), []
    if not rule and len(path) > 1:
        rule = path.pop(0)
    what = Fault[error["type"].upper()]
    if what is Fault.LITERAL_ERROR and len(loc) < len(error["loc"]):
        what = Fault.EXTRA_FORBIDDEN
    elif what in _OF_KIND and node is None:
        what = Fault.MISSING
    about = {
        "key": short(".".join(path)),
        "name": shown(str(loc[-1])),
        "value": shown(node),
        **{name: _written(value) for name, value in error.get("ctx", {}).items()},
    }
    if what is Fault.LITERAL_ERROR:
        about["expected"] = re.sub(r"'(\w+)'", r"\1", about["expected"].replace(" or ", ", "))
    return RuleFault(line, rule or None, what, about)


def _written(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float | Decimal) else str(value)


def raise_all(found: Iterable[Found]) -> None:
    """Raise all faults that a validator has found, if there are any."""
    if details := [InitErrorDetails(type=what, loc=loc, input=None) for loc, what in found]:
        raise ValidationError.from_exception_data("rules", details)


def checked(check: Callable[[Any], Iterable[Found]]) -> WrapValidator:
    """Return a validator that reports what `check` finds beside the value's other faults."""

    def validate(written: Any, handler: Callable[[Any], Any]) -> Any:
        found = list(check(written))
        try:
            value = handler(written)
        except ValidationError as error:
            found += [
                (each["loc"], PydanticCustomError(each["type"], each["msg"], each.get("ctx")))
                for each in error.errors(include_url=False)
            ]
        raise_all(found)
        return value

    return WrapValidator(validate)


def read_as(written: Any, convert: Callable[[Any], Any]) -> GetPydanticSchema:
    """Return how a value is validated that the file writes as `written` and `convert` turns into
    what the triage works with.
    """
    return GetPydanticSchema(
        lambda _, handler: schema.no_info_after_validator_function(
            convert, handler.generate_schema(written)
        )
    )


def one_of(options: Iterable[str | int]) -> GetPydanticSchema:
    """Return how a value that is one of `options` is validated."""
    return GetPydanticSchema(lambda _, __: schema.literal_schema(list(options)))


def keyed(keys: Iterable[str], value: Any) -> GetPydanticSchema:
    """Return how a mapping with exactly these keys, each with a `value`, is validated."""
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


def _repeated_ids(listed: Any) -> Iterable[Found]:
    seen = set[str]()
    for place, entry in enumerate(listed if isinstance(listed, list) else ()):
        name = str(entry.get("id")) if isinstance(entry, dict) else ""
        if name in seen:
            yield (place, "id"), fault(Fault.REPEATED_ID)
        seen |= {name} - {""}


Number = Annotated[Decimal, Field(strict=False, ge=0, le=LARGEST_NUMBER)]
Share = Annotated[Decimal, Field(strict=False, ge=0, le=1)]
Words = Annotated[
    str, AfterValidator(_not_blank), WithJsonSchema({"type": "string", "pattern": r"\S"})
]
# A text in both languages.
Text = Annotated[Mapping[str, str], keyed(LANGUAGES, Words)]
FactName = Annotated[str, AfterValidator(_known_fact), WithJsonSchema({"enum": sorted(FACTS)})]
When = Annotated[Condition, read_as(Words, compile_condition)]


class Entry(Model):
    """One entry of a list in which each has an id of its own."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")


E = TypeVar("E", bound=Entry)
Entries = Annotated[list[E], Field(min_length=1), checked(_repeated_ids)]
