"""Evaluation of the fact `danger`: messages about bodily harm, and look-alikes.

`danger.tsv` holds invented messages in both languages, written for this project by an author who
saw neither the lexicon nor the training messages. Many say indirectly what happened.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.enums import Sender
from triage.emotion.reading import EmotionModel
from triage.features.facts import extract_facts
from triage.message import Message
from triage.training.data.dialogues import REPORT, TUNING

MESSAGES = Path(__file__).with_name("danger.tsv")


@dataclass(frozen=True)
class Example:
    """A message by itself, and whether somebody was or may be harmed."""

    language: str
    danger: bool
    kind: str
    split: str
    text: str


def read_examples(path: Path = MESSAGES) -> list[Example]:
    """Return the labelled messages in `path`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        Example(row["language"], row["danger"] == "yes", row["kind"], row["split"], row["text"])
        for row in rows
    ]


def found(examples: Sequence[Example], model: EmotionModel) -> list[bool]:
    """Return for each message whether the triage finds danger in it."""
    readings = model.read_many([each.text for each in examples], [[] for _ in examples])
    return [
        bool(extract_facts([Message(1, Sender.CUSTOMER, each.text, reading=reading)])["danger"])
        for each, reading in zip(examples, readings, strict=True)
    ]


def report(model: EmotionModel, path: Path = MESSAGES) -> str:
    """Return recall and false alarms by split and language."""
    examples = read_examples(path)
    return "\n".join(
        [
            f"{'split':9}{'language':10}{'harm':>10}{'found':>8}{'look-alikes':>13}{'found':>8}",
            *_lines(examples, found(examples, model)),
        ]
    )


def _lines(examples: Sequence[Example], hits: Sequence[bool]) -> Iterator[str]:
    for split in (TUNING, REPORT):
        for language in ("en", "zh"):
            own = [
                (each.danger, hit)
                for each, hit in zip(examples, hits, strict=True)
                if (each.split, each.language) == (split, language)
            ]
            harmed = [hit for danger, hit in own if danger]
            harmless = [hit for danger, hit in own if not danger]
            yield (
                f"{split:9}{language:10}{len(harmed):10}{sum(harmed) / max(len(harmed), 1):8.3f}"
                f"{len(harmless):13}{sum(harmless) / max(len(harmless), 1):8.3f}"
            )
