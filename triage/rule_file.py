"""Reading of rule files: YAML with guards against costly input, and line numbers."""

import hashlib
import json
import re
from functools import lru_cache
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
from ruamel.yaml.parser import RoundTripParser

from triage.errors import RuleFault, RulesError
from triage.rule_faults import Fault

# Characters; several times the size of a large shop's file. More would take seconds to parse.
LONGEST = 100_000
LONGEST_TEXT = 2_000
DEEPEST = 12
# A lone surrogate can be written in YAML ("\\ud800"), but can be neither hashed nor stored.
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Constructor(RoundTripConstructor):
    """Load dates as strings, so that an impossible date is a fault of the rules."""


class _Refused(Exception):
    """Something in the file that the guards refuse, on a line from 1."""

    def __init__(self, line: int, kind: Fault, most: int) -> None:
        super().__init__(kind)
        self.fault = RuleFault(line, None, kind, {"most": f"{most:,}"})


class _GuardedParser(RoundTripParser):
    """Refuse what could make a file costly before anything is built from it."""

    _depth = 0

    def get_event(self) -> Event:
        """Return the next event. Raises _Refused."""
        event: Event = super().get_event()
        self._depth += isinstance(event, MapStart | ListStart)
        self._depth -= isinstance(event, MapEnd | ListEnd)
        if kind := _refused(event, self._depth):
            raise _Refused(event.start_mark.line + 1, kind, LONGEST_TEXT)
        return event


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


def text_in(file: Path) -> str:
    """Return the text of a rule file; for a file that is far too long, its beginning.

    Raises:
        OSError: If the file cannot be read.
        UnicodeDecodeError: If it is not UTF-8.
    """
    with file.open(encoding="utf-8") as opened:
        return opened.read(LONGEST + 1)


def read(source: Path | str, error_type: type[RulesError]) -> CommentedMap:
    """Return the mapping in a file (Path) or a text (str).

    Raises:
        RulesError: Of the class `error_type`, if the file is not a mapping, has a duplicate key,
            or has anything that could make it costly (aliases, tags, depth, length).
    """
    try:
        text = source if isinstance(source, str) else text_in(source)
        loaded = _load(text)
    except _Refused as refused:
        raise error_type([refused.fault]) from refused
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        about = {"error": str(getattr(error, "problem", None) or "not YAML")}
        line = mark.line + 1 if mark else 1
        raise error_type([RuleFault(line, None, Fault.UNREADABLE, about)]) from error
    except Exception as error:
        # Files that cannot be opened, and the parser's other exceptions for unusual input.
        about = {"error": str(error)}
        raise error_type([RuleFault(1, None, Fault.UNREADABLE, about)]) from error
    if not isinstance(loaded, CommentedMap):
        raise error_type([RuleFault(1, None, Fault.NO_MAPPING)])
    return loaded


@lru_cache(maxsize=16)
def _load(text: str) -> Any:
    # The same text is checked, saved, found in its file and replayed; nobody changes the result.
    if len(text) > LONGEST:
        raise _Refused(1, Fault.FILE_TOO_LONG, LONGEST)
    yaml = YAML(typ="rt", pure=True)
    yaml.Parser = _GuardedParser
    yaml.Constructor = _Constructor
    return yaml.load(text)


def _refused(event: Event, depth: int) -> Fault | None:
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


def line_of(container: Any, key: Any = None) -> int:
    """Return the line, from 1, of a mapping or list, or of `key` in it; 1 where not known."""
    if not isinstance(container, CommentedMap | CommentedSeq):
        return 1
    positions: dict[Any, Any] = container.lc.data or {}
    if key in positions:
        return int(positions[key][0]) + 1
    return int(container.lc.line or 0) + 1


def plain(value: Any) -> Any:
    """Return `value` as plain dicts, lists and scalars, without comments, lines and styles."""
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
    """Return the SHA-256 (hexadecimal) of `data` as canonical JSON."""
    canonical = json.dumps(plain(data), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
