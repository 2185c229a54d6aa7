"""Measurement of the operating points: see `triage.analytics.operating_points`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from triage.analytics.operating_points import (
    MEASURED,
    THRESHOLDS,
    HandoverThresholds,
    Measured,
    share_handed_over,
)
from triage.emotion.reading import EmotionModel
from triage.evaluation.conversations import read_conversations
from triage.message import Message
from triage.policy.decide import facts_by_turn
from triage.training.data.dialogues import (
    CALM_FOR_POLICY,
    LABELS,
    REPORT,
    read_calm,
    read_labelled,
)

_DECIMALS = 4


def measure(
    data: Path, model: EmotionModel, policy: str, labels: Path = LABELS
) -> dict[float, Measured]:
    """Return what the report half of the dialogues says of each threshold.

    Args:
        data: The folder of the public data sets.
        model: The emotion model.
        policy: The text of the policy.
        labels: The labels of the real dialogues.

    Raises:
        CorpusError: A data set is missing.
    """
    handover = HandoverThresholds(policy)

    def reaches(conversations: Iterable[Sequence[Message]]) -> list[float]:
        return [handover.reach(facts_by_turn(messages, model)) for messages in conversations]

    calm = {
        language: reaches(
            dialogue.messages
            for dialogue in read_calm(data, CALM_FOR_POLICY, labels)
            if (dialogue.split, dialogue.language) == (REPORT, language)
        )
        for language in ("en", "zh")
    }
    needed = reaches(
        dialogue.messages
        for dialogue in read_labelled(data, labels)
        if dialogue.split == REPORT and dialogue.agreed and dialogue.at is not None
    )
    own = reaches(
        conversation.messages
        for conversation in read_conversations()
        if conversation.split == REPORT and conversation.at is not None
    )
    return {
        threshold: Measured(
            {language: _share(found, threshold) for language, found in calm.items()},
            _share(needed, threshold),
            _share(own, threshold),
        )
        for threshold in THRESHOLDS
    }


def record(points: dict[float, Measured], path: Path = MEASURED) -> None:
    """Write the points where the calibration page reads them."""
    table = {f"{threshold:g}": asdict(point) for threshold, point in points.items()}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _share(reaches: Sequence[float], threshold: float) -> float:
    return round(share_handed_over(reaches, threshold), _DECIMALS)
