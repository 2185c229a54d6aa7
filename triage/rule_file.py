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
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

from language.detect import LANGUAGES
from triage.errors import RuleFault

Choice = TypeVar("Choice", bound=str | int)
LONGEST = 200_000
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


def read(source: Path | str) -> tuple[CommentedMap, list[RuleFault]]:
    """The mapping in a file (Path) or a text (str), and what keeps it from being read, if anything.

    A key that stands twice is a fault. After a fault the mapping is empty.
    """
    try:
        text = source if isinstance(source, str) else _text_of(source)
        if fault := _unfit(text):
            return CommentedMap(), [fault]
        loaded = YAML(typ="rt", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        return CommentedMap(), [RuleFault(line, None, str(problem))]
    except RecursionError:
        return CommentedMap(), [RuleFault(1, None, "too many levels")]
    except (OSError, ValueError) as error:
        # Not to be opened, not Unicode, or a date that no calendar has.
        return CommentedMap(), [RuleFault(1, None, f"cannot be read: {error}")]
    if not isinstance(loaded, CommentedMap):
        return CommentedMap(), [RuleFault(1, None, "a mapping is expected")]
    return loaded, []


def _text_of(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.read(LONGEST + 1)


def _unfit(text: str) -> RuleFault | None:
    """What keeps a text from being looked at: its size, or names for parts of it, a few of which
    can stand for gigabytes.
    """
    if len(text) > LONGEST:
        return RuleFault(1, None, f"the file has more than {LONGEST:,} characters")
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            line = event.start_mark.line + 1
            return RuleFault(line, None, f"*{event.anchor} stands for another part; write it out")
    return None


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
            faults.append(RuleFault(line_of(holder, key), rule, f"`{key}` needs a mapping"))
        return section

    def line(self, key: Any = None) -> int:
        """Where `key` stands, or the mapping itself."""
        return line_of(self.data, key)

    def fault(self, key: Any, what: str) -> None:
        """Add a fault at `key`."""
        self.faults.append(RuleFault(self.line(key), self.rule, what))

    def only(self, *keys: str) -> None:
        """Every other key is a fault: a misspelt one would be ignored in silence."""
        for key in self.data:
            if key not in keys:
                self.fault(key, f"unknown key {str(key)!r}")

    def choice(self, key: str, options: Sequence[Choice], default: Choice | None = None) -> Choice:
        """The value of `key`, which is one of `options`; absent, `default` if there is one."""
        value = self.data.get(key, default)
        for option in options:
            if value == option and type(value) is not bool:
                return option
        self.fault(key, f"`{key}` is one of {', '.join(map(str, options))}, not {value!r}")
        return options[0]

    def flag(self, key: str) -> bool:
        """The yes or no of `key`; no when it is absent."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, f"`{key}` is true or false, not {value!r}")
        return value is True

    def amount(self, key: Any) -> Decimal:
        """The number of `key`, not negative, exactly as it is written."""
        value = self.data.get(key)
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if isinstance(value, bool) or not number.is_finite() or number < 0:
            self.fault(key, f"`{key}` needs a number that is not negative, not {value!r}")
            return Decimal(0)
        return number

    def amounts(self, key: str) -> tuple[Decimal, ...]:
        """The list of numbers of `key`, none of them negative."""
        listed = self.data.get(key)
        if not isinstance(listed, CommentedSeq):
            self.fault(key, f"`{key}` needs a list of numbers")
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
                section.fault(language, f"`{key}` has no text for {language!r}")
        return {language: str(section.data.get(language, "")) for language in LANGUAGES}


def _has(holder: Any, key: Any) -> bool:
    if isinstance(holder, CommentedSeq):
        return 0 <= int(key) < len(holder)
    return isinstance(holder, CommentedMap) and key in holder


def sections(data: CommentedMap, key: str, faults: list[RuleFault]) -> Iterator[Section]:
    """The rules listed under `key`, each with an id of its own."""
    listed = data.get(key)
    if not isinstance(listed, CommentedSeq) or not listed:
        faults.append(RuleFault(line_of(data, key), None, f"`{key}` needs a list of rules"))
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
