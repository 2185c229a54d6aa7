"""Customers' turns, labelled in their context.

Three sources: invented conversations (`conversations.tsv`); invented continuations of real
dialogues (`spliced.tsv`), which only name the dialogue, because its text is not part of this
repository; and real dialogues (`triage.training.data.dialogues`). What is read of the latter two
comes from the tuning half.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from language.detect import Language
from language.normalise import normalise
from store.enums import Sender
from triage.message import Message
from triage.training.data import labels
from triage.training.data.dialogues import (
    CALM_FOR_POLICY,
    CALM_SETS,
    LABELS,
    TUNING,
    Dialogue,
    is_for_calibration,
    read_calm,
    read_dialogue,
    read_labelled,
)
from triage.training.data.example import Example, language_of, read_rows

CONVERSATIONS = Path(__file__).with_name("conversations.tsv")
SPLICED = Path(__file__).with_name("spliced.tsv")
# Of each calm set; half of them are for fitting. The first ones remain for the escalation score,
# which must see readings as they are of turns that the model did not learn from.
CALM_FOR_TRAINING = 250


def invented_turns(split: str, path: Path = CONVERSATIONS) -> list[Example]:
    """Return the customers' messages of the conversations of `split` train or dev, in context.

    Raises:
        CorpusError: The file is missing.
    """
    return [
        example
        for _, conversation in groupby(read_rows(path, split), key=lambda row: row["conversation"])
        for example in _customer_messages(list(conversation), [])
    ]


def spliced_turns(data: Path, split: str, path: Path = SPLICED) -> list[Example]:
    """Return the customers' messages of `split` that continue a real dialogue, in context.

    Args:
        data: The folder of the data sets, which holds `dialogues/`.
        split: train or dev.
        path: The file of the continuations.

    Raises:
        CorpusError: The file, a data set or a dialogue is missing.
    """
    examples: list[Example] = []
    for (corpus, name), group in groupby(
        read_rows(path, split), key=lambda row: (row["set"], row["conversation"])
    ):
        rows = list(group)
        kept = read_dialogue(data, corpus, name).messages[: int(rows[0]["kept"])]
        examples += _customer_messages(rows, kept)
    return examples


def real_turns(data: Path, split: str, labels_file: Path = LABELS) -> list[Example]:
    """Return the customers' messages of real dialogues, in context.

    Args:
        data: The folder of the data sets, which holds `dialogues/`.
        split: train or dev.
        labels_file: The labels of those dialogues that two readers have read.

    Raises:
        CorpusError: A data set or a dialogue is missing.
    """
    calm = read_calm(data, CALM_FOR_TRAINING, labels_file, skipped=CALM_FOR_POLICY)
    return [
        example
        for dialogue in (*read_labelled(data, labels_file), *calm)
        if dialogue.split == TUNING
        and ("dev" if is_for_calibration(dialogue.id) else "train") == split
        for example in _labelled_turns(dialogue)
    ]


def _labelled_turns(dialogue: Dialogue) -> Iterator[Example]:
    language: Language = "zh" if dialogue.language == "zh" else "en"
    turn = 0
    for position, message in enumerate(dialogue.messages):
        if message.sender == Sender.CUSTOMER:
            turn += 1
            # Where the answers are missing the context is unknown; silence would be another thing.
            before = () if dialogue.answers_missing else dialogue.messages[:position]
            yield Example(normalise(message.text), language, _target(dialogue, turn), before)


def _target(dialogue: Dialogue, turn: int) -> labels.Row:
    if not dialogue.readers:
        return labels.calm_turn_target(certain=True)
    displeased = np.mean([turn in reader.service for reader in dialogue.readers])
    needs_person = np.mean(
        [reader.at is not None and turn >= reader.at for reader in dialogue.readers]
    )
    if dialogue.is_calm:
        return labels.calm_turn_target(certain=dialogue.corpus in CALM_SETS)
    return labels.read_turn_target(float(displeased), float(needs_person))


def _customer_messages(
    conversation: Sequence[Mapping[str, str]], kept: Sequence[Message]
) -> Iterator[Example]:
    before = list(kept)
    turn = 0
    for row in conversation:
        text = normalise(row["text"])
        if row["sender"] == "customer":
            turn += 1
            needs_person = bool(row["at"]) and turn >= int(row["at"])
            mood, *acts = row["labels"].split(",")
            target = labels.context_target(mood, acts, needs_person=needs_person)
            yield Example(text, language_of(row), target, tuple(before))
        before.append(_message(len(before) + 1, row["sender"], text))


def _message(seq: int, sender: str, text: str) -> Message:
    if sender == "customer":
        return Message(seq, Sender.CUSTOMER, text)
    return Message(seq, Sender.ASSISTANT, text, answered=sender != "missed")
