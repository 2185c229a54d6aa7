"""Real dialogues with labels of two readers, and calm ones without labels.

The dialogues are public data sets, which are not part of this repository: `dialogues.jsonl`
holds the labels alone, `dialogues.md` says how they were made.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from language.errors import CorpusError
from store.enums import Sender
from triage.message import Message

TUNING, REPORT = "tuning", "report"
LABELS = Path(__file__).with_name("dialogues.jsonl")
# At most one turn in five hundred of these is displeased: nearly every handover is a false alarm.
CALM_SETS = (
    "taskmaster3", "taskmaster4", "multidogo", "crosswoz_en", "crosswoz", "multiwoz_zh", "crsa",
    "kdconv",
)  # fmt: skip
# The first calm dialogues of each set fit the escalation score and measure the policy, the others
# teach the context model.
CALM_FOR_POLICY = 120


@dataclass(frozen=True)
class Labels:
    """What one reader says of a dialogue: turns from 1, of the customer's messages.

    Attributes:
        service: The turns that are displeased with the service.
        matter: The turns that are displeased with something else.
        at: The turn at which a person should take over; None: never.
    """

    service: frozenset[int]
    matter: frozenset[int]
    at: int | None


@dataclass(frozen=True)
class Dialogue:
    """A real dialogue.

    Attributes:
        readers: Empty where nobody has labelled it.
        answers_missing: Whether only the customer's messages are known.
    """

    id: str
    corpus: str
    language: str
    split: str
    messages: tuple[Message, ...]
    readers: tuple[Labels, ...] = ()
    answers_missing: bool = False

    @property
    def agreed(self) -> bool:
        """Whether the readers agree on whether a person is needed."""
        return len({reader.at is None for reader in self.readers}) == 1

    @property
    def is_calm(self) -> bool:
        """Whether no reader sees displeasure with the service or the need for a person."""
        return not any(reader.service or reader.at for reader in self.readers)

    @property
    def at(self) -> int | None:
        """The first turn at which a reader wants a person; None: never."""
        return min((reader.at for reader in self.readers if reader.at), default=None)


def read_labelled(data: Path, labels: Path = LABELS) -> list[Dialogue]:
    """Return the labelled dialogues with their texts.

    Args:
        data: The folder of the data sets, which holds `dialogues/`.
        labels: The file of the labels.

    Raises:
        CorpusError: A data set or a dialogue is missing.
    """
    rows = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    corpora = {corpus: _read(data, corpus) for corpus in {str(row["set"]) for row in rows}}
    try:
        return [_labelled(row, corpora[row["set"]][row["id"]]) for row in rows]
    except KeyError as error:
        raise CorpusError(f"no dialogue {error} in {data / 'dialogues'}") from error


def read_calm(data: Path, most: int, labels: Path = LABELS, skipped: int = 0) -> list[Dialogue]:
    """Return dialogues of each calm set that nobody has labelled, always the same.

    Args:
        data: The folder of the data sets, which holds `dialogues/`.
        most: The largest number of dialogues of a set.
        labels: The file of the labels.
        skipped: So many dialogues of a set are left out, for another purpose.

    Raises:
        CorpusError: A data set is missing.
    """
    known = {json.loads(line)["id"] for line in labels.read_text(encoding="utf-8").splitlines()}
    return [
        _dialogue(corpus, row)
        for corpus in CALM_SETS
        for row in _sampled(
            [row for row in _read(data, corpus).values() if row["id"] not in known]
        )[skipped : skipped + most]
    ]


def read_dialogue(data: Path, corpus: str, name: str) -> Dialogue:
    """Return the dialogue `name` of a set, without labels.

    Raises:
        CorpusError: The data set or the dialogue is missing.
    """
    row = _read(data, corpus).get(name)
    if row is None:
        raise CorpusError(f"no dialogue {name!r} in {data / 'dialogues'}")
    return _dialogue(corpus, row)


def is_for_calibration(name: str) -> bool:
    """Return whether a dialogue for tuning calibrates a model instead of teaching it."""
    return int(_digest(name), 16) // 2 % 6 == 0


def _sampled(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: _digest(str(row["id"])))


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@cache
def _read(data: Path, corpus: str) -> Mapping[str, Mapping[str, Any]]:
    path = data / f"dialogues/{corpus}.jsonl"
    if not path.is_file():
        raise CorpusError(f"no data at {path}")
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in rows}


def _labelled(row: Mapping[str, Any], text: Mapping[str, Any]) -> Dialogue:
    readers = tuple(
        Labels(frozenset(reader["service"]), frozenset(reader["matter"]), reader["at"])
        for reader in row["readers"]
    )
    messages = tuple(_messages(text))
    return Dialogue(
        row["id"], row["set"], row["language"], row["split"], messages, readers, _is_missing(text)
    )


def _dialogue(corpus: str, row: Mapping[str, Any]) -> Dialogue:
    # Half of the dialogues are for fitting, the others for the report.
    split = TUNING if int(_digest(row["id"]), 16) % 2 else REPORT
    return Dialogue(
        row["id"],
        corpus,
        row["language"],
        split,
        tuple(_messages(row)),
        answers_missing=_is_missing(row),
    )


def _is_missing(row: Mapping[str, Any]) -> bool:
    return bool(row.get("assistant_missing"))


def _messages(row: Mapping[str, Any]) -> Iterator[Message]:
    for seq, message in enumerate(row["messages"], start=1):
        sender = Sender.CUSTOMER if message["sender"] == "customer" else Sender.ASSISTANT
        yield Message(seq, sender, message["text"])
