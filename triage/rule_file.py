"""Reading the triage's files of rules: YAML with the line of everything in it."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, Event, NodeEvent, ScalarEvent
from ruamel.yaml.events import MappingEndEvent as MapEnd
from ruamel.yaml.events import MappingStartEvent as MapStart
from ruamel.yaml.events import SequenceEndEvent as ListEnd
from ruamel.yaml.events import SequenceStartEvent as ListStart

from language.detect import LANGUAGES
from triage.errors import RuleFault

Choice = TypeVar("Choice", bound=str | int)
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Several times what a large shop writes; more would take seconds to read.
LONGEST = 100_000
LONGEST_TEXT = 2_000
DEEPEST = 12
LARGEST_NUMBER = 1_000_000_000
_LONGEST_SHOWN = 60


class _Constructor(RoundTripConstructor):
    """Leaves dates as they are written: one that the calendar does not have is a fault of ours."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


def text_in(file: Path) -> str:
    """The text of a file of rules, of one that is far too long its beginning.

    Raises OSError, and UnicodeDecodeError when it is not UTF-8.
    """
    with file.open(encoding="utf-8") as opened:
        return opened.read(LONGEST + 1)


def read(source: Path | str) -> tuple[CommentedMap, list[RuleFault]]:
    """The mapping in a file (Path) or a text (str), and what keeps it from being read, if anything.

    A key that stands twice is a fault, and so is all that could make a short file a large or a slow
    one (aliases, tags, depth, length). After a fault the mapping is empty.
    """
    try:
        text = source if isinstance(source, str) else text_in(source)
        if (excess := _excess(text)) is not None:
            return CommentedMap(), [excess]
        yaml = YAML(typ="rt", pure=True)
        yaml.Constructor = _Constructor
        loaded = yaml.load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        return CommentedMap(), [RuleFault(line, None, str(problem))]
    except Exception as error:
        # Beside files that cannot be opened: of strange input the parser raises all sorts.
        about = {"error": str(error)}
        return CommentedMap(), [RuleFault(1, None, "cannot be read: %(error)s", about)]
    if not isinstance(loaded, CommentedMap):
        return CommentedMap(), [RuleFault(1, None, "a mapping is expected")]
    return loaded, []


def _excess(text: str) -> RuleFault | None:
    """What makes `text` too much to be read, if anything; found without building what it says."""
    if len(text) > LONGEST:
        about = {"most": f"{LONGEST:,}"}
        return RuleFault(1, None, "the file is longer than %(most)s characters", about)
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        depth += isinstance(event, MapStart | ListStart)
        depth -= isinstance(event, MapEnd | ListEnd)
        if what := _excess_at(event, depth):
            return RuleFault(event.start_mark.line + 1, None, what)
    return None


def _excess_at(event: Event, depth: int) -> str:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "anchors and aliases (& and *) are not for rules: write it out"
    if isinstance(event, NodeEvent) and getattr(event, "ctag", None):
        return "tags (!) are not for rules"
    if depth > DEEPEST:
        return "too many levels"
    if isinstance(event, ScalarEvent) and len(event.value) > LONGEST_TEXT:
        return "a text longer than 2,000 characters"
    return ""


def shown(value: object) -> str:
    """`value` as a fault quotes it: however long it is, at a glance."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def line_of(holder: Any, key: Any = None) -> int:
    """The line, from 1, of a mapping or list, or of `key` in it; 1 where it is not known."""
    if not isinstance(holder, CommentedMap | CommentedSeq):
        return 1
    known: dict[Any, Any] = holder.lc.data or {}
    if key in known:
        return int(known[key][0]) + 1
    return int(holder.lc.line or 0) + 1


def plain(value: Any) -> Any:
    """`value` as ordinary dicts, lists and scalars: a file's meaning without its form."""
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
    """The SHA-256 (hexadecimal) of what `data` means, in canonical JSON."""
    canonical = json.dumps(plain(data), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Section:
    """One mapping of a file of rules, read key by key; what is wrong is added to `faults`."""

    data: Any
    rule: str
    faults: list[RuleFault]

    @classmethod
    def of(cls, holder: Any, key: Any, rule: str, faults: list[RuleFault]) -> "Section":
        """The mapping at `holder[key]`, which is a fault (and empty) when it is none."""
        value = holder[key] if _has(holder, key) else None
        section = cls(value if isinstance(value, CommentedMap) else CommentedMap(), rule, faults)
        if not isinstance(value, CommentedMap):
            about = {"key": str(key)}
            fault = RuleFault(line_of(holder, key), rule, "`%(key)s` needs a mapping", about)
            faults.append(fault)
        return section

    def line(self, key: Any = None) -> int:
        """Where `key` stands, or the mapping itself."""
        return line_of(self.data, key)

    def fault(self, key: Any, what: str, **about: str) -> None:
        """Add a fault at `key`; `what` has %(name)s for what stands in `about`."""
        self.faults.append(RuleFault(self.line(key), self.rule, what, about))

    def only(self, *keys: str) -> None:
        """Every other key is a fault: a misspelt one would be ignored in silence."""
        for key in self.data:
            if key not in keys:
                self.fault(key, "unknown key %(name)s", name=shown(str(key)))

    def choice(self, key: str, options: Sequence[Choice], default: Choice | None = None) -> Choice:
        """The value of `key`, which is one of `options`; absent, `default` if there is one."""
        value = self.data.get(key, default)
        for option in options:
            if value == option and type(value) is not bool:
                return option
        listed = ", ".join(map(str, options))
        what = "`%(name)s` is one of %(options)s, not %(value)s"
        self.fault(key, what, name=key, options=listed, value=shown(value))
        return options[0]

    def flag(self, key: str) -> bool:
        """The yes or no of `key`; no when it is absent."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            what = "`%(name)s` is true or false, not %(value)s"
            self.fault(key, what, name=key, value=shown(value))
        return value is True

    def amount(self, key: Any, most: int = LARGEST_NUMBER) -> Decimal:
        """The number of `key`, from 0 to `most`, exactly as it is written."""
        value = self.data.get(key)
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if isinstance(value, bool) or not number.is_finite() or not 0 <= number <= most:
            what = "`%(name)s` needs a number from 0 to %(most)s, not %(value)s"
            self.fault(key, what, name=str(key), most=f"{most:,}", value=shown(value))
            return Decimal(0)
        return number

    def amounts(self, key: str) -> tuple[Decimal, ...]:
        """The list of numbers of `key`, none of them negative."""
        listed = self.data.get(key)
        if not isinstance(listed, CommentedSeq):
            self.fault(key, "`%(name)s` needs a list of numbers", name=key)
            return ()
        places = Section(CommentedMap(enumerate(listed)), self.rule, self.faults)
        return tuple(places.amount(place) for place in places.data)

    def both(self, key: str) -> dict[str, str]:
        """The text of `key` in both languages."""
        section = Section.of(self.data, key, self.rule, self.faults)
        section.only(*LANGUAGES)
        for language in LANGUAGES:
            text = section.data.get(language)
            if isinstance(text, str) and text.strip():
                continue
            if _has(self.data, key):
                what = "`%(name)s` has no text for %(language)s"
                section.fault(language, what, name=key, language=repr(language))
        return {language: str(section.data.get(language, "")) for language in LANGUAGES}


def _has(holder: Any, key: Any) -> bool:
    if isinstance(holder, CommentedSeq):
        return 0 <= int(key) < len(holder)
    return isinstance(holder, CommentedMap) and key in holder


def sections(data: CommentedMap, key: str, faults: list[RuleFault]) -> Iterator[Section]:
    """The rules listed under `key`, each with an id of its own."""
    listed = data.get(key)
    if not isinstance(listed, CommentedSeq) or not listed:
        about = {"key": key}
        faults.append(RuleFault(line_of(data, key), None, "`%(key)s` needs a list of rules", about))
        return
    seen: set[str] = set()
    for index, body in enumerate(listed):
        name = str(body.get("id")) if isinstance(body, CommentedMap) else f"{key}[{index}]"
        section = Section.of(listed, index, name, faults)
        if not isinstance(body, CommentedMap):
            continue
        if not _ID.fullmatch(name):
            section.fault("id", "an id is written with small letters, digits and _")
        if name in seen:
            section.fault("id", "two rules have this id")
        seen.add(name)
        yield section
