"""The reader of the triage's YAML files: guarded, and with the line of everything in them."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, Event, NodeEvent, ScalarEvent
from ruamel.yaml.events import MappingEndEvent as MapEnd
from ruamel.yaml.events import MappingStartEvent as MapStart
from ruamel.yaml.events import SequenceEndEvent as ListEnd
from ruamel.yaml.events import SequenceStartEvent as ListStart

from triage.errors import RuleFault, RulesError
from triage.rule_faults import (
    Fault,
)

# Several times what a large shop writes; more would take seconds to read.
LONGEST = 100_000
LONGEST_TEXT = 2_000
DEEPEST = 12
# Half a character, which YAML can write ("\\ud800") and which can be neither hashed nor stored.
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Constructor(RoundTripConstructor):
    """Leave dates as they are written, so that an impossible date is a fault of the rules."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


def text_in(file: Path) -> str:
    """Return the text of a file of rules; of a file that is far too long, its beginning.

    Raises:
        OSError: If the file cannot be read.
        UnicodeDecodeError: If it is not UTF-8.
    """
    with file.open(encoding="utf-8") as opened:
        return opened.read(LONGEST + 1)


def read(source: Path | str, refuse: type[RulesError]) -> CommentedMap:
    """Return the mapping in a file (Path) or a text (str).

    Raises:
        RulesError: Of the class `refuse`, if there is no such mapping, if a key stands twice, or
            for what could make a short file large or slow (aliases, tags, depth, length).
    """
    try:
        text = source if isinstance(source, str) else text_in(source)
        if (excess := _excess(text)) is not None:
            raise refuse([excess])
        yaml = YAML(typ="rt", pure=True)
        yaml.Constructor = _Constructor
        loaded = yaml.load(text)
    except RulesError:
        raise
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        about = {"error": str(getattr(error, "problem", None) or "not YAML")}
        line = mark.line + 1 if mark else 1
        raise refuse([RuleFault(line, None, Fault.UNREADABLE, about)]) from error
    except Exception as error:
        # Besides files that cannot be opened: the parser raises many things for strange input.
        about = {"error": str(error)}
        raise refuse([RuleFault(1, None, Fault.UNREADABLE, about)]) from error
    if not isinstance(loaded, CommentedMap):
        raise refuse([RuleFault(1, None, Fault.NO_MAPPING)])
    return loaded


def _excess(text: str) -> RuleFault | None:
    """Return what makes `text` too much to be read, if anything, without building its content."""
    if len(text) > LONGEST:
        return RuleFault(1, None, Fault.FILE_TOO_LONG, {"most": f"{LONGEST:,}"})
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        depth += isinstance(event, MapStart | ListStart)
        depth -= isinstance(event, MapEnd | ListEnd)
        if what := _excess_at(event, depth):
            about = {"most": f"{LONGEST_TEXT:,}"}
            return RuleFault(event.start_mark.line + 1, None, what, about)
    return None


def _excess_at(event: Event, depth: int) -> Fault | None:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return Fault.ALIAS
    if isinstance(event, NodeEvent) and getattr(event, "ctag", None):
        return Fault.TAG
    if depth > DEEPEST:
        return Fault.TOO_DEEP
    if isinstance(event, ScalarEvent) and len(event.value) > LONGEST_TEXT:
        return Fault.TEXT_TOO_LONG
    if isinstance(event, ScalarEvent) and _SURROGATE.search(event.value):
        return Fault.HALF_CHARACTER
    return None


def line_of(holder: Any, key: Any = None) -> int:
    """Return the line, from 1, of a mapping or list, or of `key` in it; 1 if it is not known."""
    if not isinstance(holder, CommentedMap | CommentedSeq):
        return 1
    known: dict[Any, Any] = holder.lc.data or {}
    if key in known:
        return int(known[key][0]) + 1
    return int(holder.lc.line or 0) + 1


def plain(value: Any) -> Any:
    """Return `value` as ordinary dicts, lists and scalars: a file's meaning without its form."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def content_hash(data: Any) -> str:
    """Return the SHA-256 (hexadecimal) of what `data` means, in canonical JSON."""
    canonical = json.dumps(plain(data), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
