"""The models of rule files: messages of faults, and the JSON Schema."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.triage.policy.test_policy_file import GOOD, faults
from triage.compensation.remedies import REMEDIES
from triage.compensation.remedy_rules import RemedyRules
from triage.policy import rule_model
from triage.policy.policy import POLICY
from triage.policy.policy_file import PolicyFile
from triage.policy.rule_model import Model
from triage.rule_faults import Fault

FILES = [(PolicyFile, POLICY), (RemedyRules, REMEDIES)]
# The faults that pydantic finds by itself, by the kind of schema and by its constraints. Those of
# other kinds are listed at https://docs.pydantic.dev/latest/errors/validation_errors/.
KINDS = {
    "model": {"model_type"},
    "model-fields": {"missing", "extra_forbidden", "invalid_key"},
    "typed-dict": {"dict_type", "missing", "extra_forbidden", "invalid_key"},
    "dict": {"dict_type"},
    "list": {"list_type"},
    "frozenset": {"frozen_set_type"},
    "str": {"string_type"},
    "bool": {"bool_type"},
    "int": {"int_type"},
    "decimal": {"decimal_type", "decimal_parsing", "finite_number"},
    "literal": {"literal_error"},
}
CONSTRAINTS = {
    "ge": {"greater_than_equal"},
    "le": {"less_than_equal"},
    "min_length": {"too_short"},
    "max_length": {"too_long"},
    "pattern": {"string_pattern_mismatch"},
}
# What only holds other schemas, or calls a function of ours, which raises a `Fault`.
WITHOUT_FAULTS = {
    "default",
    "definition-ref",
    "definitions",
    "function-after",
    "function-before",
    "function-wrap",
    "model-field",
    "no-info",
    "nullable",
    "typed-dict-field",
    "with-info",
}
SETTINGS = {"type", "strict", "ref", "metadata", "serialization", "schema"}


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every core schema within `node`."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node
        for name, value in node.items():
            if name not in ("metadata", "serialization", "config"):
                yield from schemas(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from schemas(value)


@pytest.mark.parametrize(("model", "file"), FILES)
def test_every_fault_of_pydantic_has_a_message(model: type[Model], file: Path) -> None:
    found = {name.lower() for name in Fault.__members__}
    kinds = set()
    for schema in schemas(model.__pydantic_core_schema__):
        kinds.add(schema["type"])
        if schema["type"] in WITHOUT_FAULTS:
            continue
        assert KINDS[schema["type"]] <= found
        if schema["type"] in ("str", "int", "decimal", "list", "frozenset"):
            own = schema.keys() - SETTINGS - {"items_schema"}
            assert all(CONSTRAINTS[name] <= found for name in own)
    assert {"model", "model-fields", "list", "str", "decimal", "literal"} <= kinds


def test_every_message_is_used_with_all_its_placeholders() -> None:
    sources = [
        path.read_text("utf-8") for path in Path(rule_model.__file__).parents[1].rglob("*.py")
    ]
    by_pydantic = {name.upper() for found in (KINDS | CONSTRAINTS).values() for name in found}
    named = set(re.findall(r"\bFault\.([A-Z_]+)", "".join(sources)))
    assert set(Fault.__members__) == (named | by_pydantic) & set(Fault.__members__)
    raised = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "fault"
    ]
    assert len(raised) > 20
    for call in raised:
        given = {"key", "name", "value", *(str(keyword.arg) for keyword in call.keywords)}
        what = Fault[ast.unparse(call.args[0]).removeprefix("Fault.")]
        assert set(re.findall(r"%\((\w+)\)s", what)) <= given, what


def test_all_faults_are_reported_at_once_in_the_order_of_their_lines() -> None:
    text = (
        GOOD.replace("  2: {reply: 5, resolve: 60}\n", "")
        .replace("3: {reply: 5,", "3: {reply: much, replay: 5,")
        .replace("when: wants_person", "when: wants_person && mood && weather")
        .replace("priority: 3", "priority: 9, senior: 1")
        .replace("because: [wants_person]", "because: [wants_person, wish]")
    )
    text += (
        "  - {id: wish, when: danger, then: {action: watch}, because: [danger], text: 3}\nmore: 1"
    )
    assert faults(text) == [
        "line 2, deadlines: `2` is missing",
        "line 4, deadlines: `3.reply` needs a number, not 'much'",
        "line 4, deadlines: unknown key 'replay'",
        "line 9, wish: no fact is called 'mood', 'weather'",
        "line 10, wish: `then.priority` is at most 4, not 9",
        "line 10, wish: `then.senior` is true or false, not 1",
        "line 11, wish: no fact is called 'wish'",
        "line 13, wish: two rules have this id",
        "line 13, wish: `text` needs keys and values, not 3",
        "line 14: unknown key 'more'",
    ]


@pytest.mark.parametrize(("model", "file"), FILES)
def test_the_json_schema_accepts_the_shipped_file_and_refuses_a_misspelt_key(
    model: type[Model], file: Path
) -> None:
    schema = model.model_json_schema()
    written = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))
    # Editors see the keys of a mapping as texts.
    seen = json.loads(json.dumps(written, default=str))
    jsonschema.validate(seen, schema)
    for name in seen:
        misspelt = {f"{key}s" if key == name else key: value for key, value in seen.items()}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(misspelt, schema)
