"""Evaluation of the handovers on real dialogues: calm ones, long ones, and labelled ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from store.enums import Action, Sender
from triage.emotion.reading import EmotionModel
from triage.evaluation.metrics import calibration_error
from triage.message import Message
from triage.policy.decide import Outcome, decide_read_conversation, with_readings
from triage.policy.policy import Policy
from triage.training.data.dialogues import (
    CALM_FOR_POLICY,
    LABELS,
    REPORT,
    Dialogue,
    read_calm,
    read_labelled,
)

# Messages of a long dialogue, made by joining short ones of a corpus.
_LONG = 60


@dataclass(frozen=True)
class Judged:
    """A dialogue with its messages as they were read, and the outcome of the triage."""

    dialogue: Dialogue
    read: tuple[Message, ...]
    outcome: Outcome

    @property
    def handed_over(self) -> bool:
        """Whether any turn hands over."""
        return self.outcome.turn is not None

    @property
    def offered(self) -> bool:
        """Whether a person was offered at the last turn, or the dialogue handed over."""
        return self.outcome.action in (Action.OFFER_PERSON, Action.HAND_OVER)


def report(data: Path, model: EmotionModel, policy: Policy, labels: Path = LABELS) -> str:
    """Return tables of the report halves of the real dialogues.

    Raises:
        CorpusError: A data set is missing.
    """
    calm = [
        dialogue
        for dialogue in read_calm(data, CALM_FOR_POLICY, labels)
        if dialogue.split == REPORT
    ]
    labelled = [dialogue for dialogue in read_labelled(data, labels) if dialogue.split == REPORT]

    def judge(dialogue: Dialogue) -> Judged:
        read = with_readings(dialogue.messages, model)
        return Judged(dialogue, tuple(read), decide_read_conversation(read, policy))

    judged_calm, judged_labelled = list(map(judge, calm)), list(map(judge, labelled))
    lines = [f"{'calm dialogues':24}{'n':>5}  handed over          offered at the end"]
    lines += _calm_lines(judged_calm)
    lines += [f"\n{'the same, joined':24}{'n':>5}  handed over          offered at the end"]
    lines += _calm_lines(list(map(judge, _joined(calm))))
    lines += ["", *_labelled_lines(judged_labelled)]
    lines += ["", *_turn_lines([*judged_calm, *judged_labelled])]
    return "\n".join(lines)


def _calm_lines(judged: Sequence[Judged]) -> Iterator[str]:
    for corpus, group in groupby(judged, key=lambda each: each.dialogue.corpus):
        yield _line(corpus, list(group))
    for language in ("en", "zh"):
        yield _line(language, [each for each in judged if each.dialogue.language == language])


def _line(name: str, judged: Sequence[Judged]) -> str:
    shares = (
        _share(sum(each.handed_over for each in judged), len(judged)),
        _share(sum(each.offered for each in judged), len(judged)),
    )
    return f"{name:24}{len(judged):5}  {shares[0]:21}{shares[1]}"


def _share(count: int, of: int) -> str:
    """Return a share with its 95 % interval (Wilson 1927)."""
    if not of:
        return "–"
    interval = binomtest(count, of).proportion_ci(method="wilson")
    return f"{count / of:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def _joined(dialogues: Sequence[Dialogue]) -> Iterator[Dialogue]:
    """Yield long dialogues, each of short ones of the same corpus."""
    for _, group in groupby(dialogues, key=lambda dialogue: dialogue.corpus):
        messages: list[Message] = []
        for dialogue in group:
            messages += dialogue.messages
            if len(messages) >= _LONG:
                numbered = (replace(said, seq=seq) for seq, said in enumerate(messages, start=1))
                yield replace(dialogue, messages=tuple(numbered))
                messages = []


def _labelled_lines(judged: Sequence[Judged]) -> Iterator[str]:
    first, second = zip(
        *([reader.at is not None for reader in each.dialogue.readers] for each in judged),
        strict=True,
    )
    kappa = cohen_kappa_score(first, second)
    yield f"labelled dialogues: {len(judged)}; the readers' agreement on them (kappa): {kappa:.3f}"
    agreed = [each for each in judged if each.dialogue.agreed]
    needed = [each for each in agreed if each.dialogue.at is not None]
    calm = [each for each in agreed if each.dialogue.at is None]
    both = sum(each.handed_over for each in needed)
    false = sum(each.handed_over for each in calm)
    precision, recall = both / max(both + false, 1), both / max(len(needed), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    yield f"{'where a person is needed':24}{len(needed):5}  {_share(both, len(needed))}"
    yield f"{'where nobody is needed':24}{len(calm):5}  {_share(false, len(calm))}"
    yield f"precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}"


def _turn_lines(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield how well the context model finds displeased turns; unlabelled dialogues have none."""
    yield f"{'displeased turns':24}{'n':>6}{'displeased':>12}  area under ROC  calibration error"
    for language in ("en", "zh"):
        turns = [
            turn
            for each in judged
            if each.dialogue.language == language
            for turn in _displeased_turns(each)
        ]
        if not turns:
            continue
        predicted, shares = (np.array(values, np.float32) for values in zip(*turns, strict=True))
        displeased = shares >= 0.5
        area = "–"
        if displeased.any():
            area = f"{roc_auc_score(displeased, predicted):.3f}"
        error = calibration_error(predicted, shares)
        yield f"{language:24}{len(turns):6}{displeased.sum():12}  {area:14}  {error:.3f}"


def _displeased_turns(judged: Judged) -> Iterator[tuple[float, float]]:
    """Yield for each turn the probability that it is displeased, and the share of readers."""
    customer = (message for message in judged.read if message.sender == Sender.CUSTOMER)
    for turn, message in enumerate(customer, start=1):
        shares = [float(turn in reader.service) for reader in judged.dialogue.readers]
        acts = message.reading.acts if message.reading else {}
        yield acts.get("displeased", 0.0), float(np.mean(shares or [0.0]))
