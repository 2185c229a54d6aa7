"""Evaluation of the handovers on real dialogues: calm ones, long ones, and labelled ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from store.enums import Action
from triage.emotion.reading import EmotionModel
from triage.message import Message
from triage.policy.decide import Outcome, decide_conversation
from triage.policy.policy import Policy
from triage.training.data.dialogues import (
    FOR_ESCALATION,
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
    """A dialogue with the outcome of the triage."""

    dialogue: Dialogue
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
        dialogue for dialogue in read_calm(data, FOR_ESCALATION, labels) if dialogue.split == REPORT
    ]
    labelled = [dialogue for dialogue in read_labelled(data, labels) if dialogue.split == REPORT]

    def judged(dialogues: Sequence[Dialogue]) -> list[Judged]:
        return [
            Judged(dialogue, decide_conversation(dialogue.messages, model, policy))
            for dialogue in dialogues
        ]

    lines = [f"{'calm dialogues':24}{'n':>5}  handed over          offered at the end"]
    lines += _calm_lines(judged(calm))
    lines += [f"\n{'the same, joined':24}{'n':>5}  handed over          offered at the end"]
    lines += _calm_lines(judged(list(_joined(calm))))
    lines += ["", *_labelled_lines(judged(labelled))]
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
