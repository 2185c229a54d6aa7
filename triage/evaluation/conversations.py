"""Evaluation of the handovers on labelled conversations, beside simpler baselines.

The conversations are in `conversations.yml`, and `conversations.md` describes how they were
labelled. One split is for tuning the policy, the other only for the report.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from store.enums import Sender
from triage.emotion.model import EmotionModel
from triage.message import Message
from triage.policy.decide import decide_conversation
from triage.policy.policy import Policy
from triage.training.data.dialogues import REPORT, TUNING

CONVERSATIONS = Path(__file__).with_name("conversations.yml")

# The share of conversations that need a person, for `precision_if_rare`; here it is a half.
_RARE = 0.1
# The words of the keyword baseline: a person, a complaint, strong words.
_KEYWORDS = re.compile(
    r"\b(human|person|agent|manager|supervisor|representative|complain\w*|lawyer|sue|refund|"
    r"terrible|awful|worst|useless|ridiculous|unacceptable|angry|furious|disgusting)\b"
    r"|人工|真人|客服|经理|投诉|律师|起诉|退款|太差|垃圾|气死|失望|骗子|无语|生气",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Conversation:
    """A conversation, labelled with the turn at which a person should take over.

    `at` is the customer's turn, from 1, or None when nobody needs to take over.
    """

    id: str
    language: str
    kind: str
    split: str
    at: int | None
    why: str
    messages: tuple[Message, ...]

    @property
    def customer(self) -> list[str]:
        """Return the customer's messages, turn by turn."""
        return [said.text for said in self.messages if said.sender == "customer"]


# Gives the customer's turn at which a conversation is handed over; None: never.
Decider = Callable[[Conversation], int | None]


@dataclass(frozen=True)
class Score:
    """The metrics of a decider.

    Attributes:
        conversations: The number of conversations.
        precision: Of whole conversations, handed over or not, at whatever turn.
        recall: As precision.
        f1: As precision.
        precision_if_rare: The precision if one conversation in ten needed a person (Bayes' rule).
        early: The number of handovers before the labelled turn.
        late: The number of handovers after the labelled turn.
        within: For a tolerance of 0, 1 and 2 turns, the share of conversations whose handover is as
            close to the labelled turn, or that have none where none was needed: golden transfer
            within tolerance (Liu et al., "Time to Transfer", AAAI 2021, arXiv 2012.07610), counted
            as yes or no, without the paper's decreasing weights.
    """

    conversations: int
    precision: float
    recall: float
    f1: float
    precision_if_rare: float
    early: int
    late: int
    within: tuple[float, float, float]


def read_conversations(path: Path = CONVERSATIONS) -> list[Conversation]:
    """Return the labelled conversations in `path`."""
    rows = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return [_conversation(row) for row in rows]


def _conversation(row: dict[str, Any]) -> Conversation:
    messages = [
        _message(seq, *message.popitem()) for seq, message in enumerate(row["messages"], start=1)
    ]
    labels = {name: row[name] for name in ("id", "language", "kind", "split", "at", "why")}
    return Conversation(**labels, messages=tuple(messages))


def _message(seq: int, kind: str, text: str) -> Message:
    if kind == "customer":
        return Message(seq, Sender.CUSTOMER, text)
    return Message(seq, Sender.ASSISTANT, text, answered=kind != "missed")


def by_policy(model: EmotionModel, policy: Policy) -> Decider:
    """Return the triage as a decider."""
    return lambda conversation: decide_conversation(conversation.messages, model, policy).turn


def by_keywords(conversation: Conversation) -> int | None:
    """Return the first turn with a word about persons, complaints or anger."""
    return _first(_KEYWORDS.search(text) is not None for text in conversation.customer)


def by_level(model: EmotionModel, threshold: float) -> Decider:
    """Return the decider that hands over at the first turn whose `negative` is `threshold`."""
    return lambda conversation: _first(
        reading.negative >= threshold for reading in model.read_many(conversation.customer)
    )


def by_misses(most: int) -> Decider:
    """Return the decider that hands over once the assistant had no answer `most` times."""

    def decide(conversation: Conversation) -> int | None:
        turn = misses = 0
        for said in conversation.messages:
            turn += said.sender == "customer"
            misses += said.answered is False
            if misses == most:
                return turn
        return None

    return decide


def _first(turns: Iterable[bool]) -> int | None:
    return next((turn for turn, holds in enumerate(turns, start=1) if holds), None)


def score(conversations: Sequence[Conversation], decide: Decider) -> Score:
    """Return the metrics of `decide` against the labelled turns."""
    turns = [(conversation.at, decide(conversation)) for conversation in conversations]
    both = [(at, turn) for at, turn in turns if at is not None and turn is not None]
    needed = sum(at is not None for at, _ in turns)
    handed_over = sum(turn is not None for _, turn in turns)
    precision, recall = len(both) / max(handed_over, 1), len(both) / max(needed, 1)
    return Score(
        len(turns),
        precision,
        recall,
        2 * precision * recall / max(precision + recall, 1e-9),
        _precision_if_rare(recall, (handed_over - len(both)) / max(len(turns) - needed, 1)),
        sum(turn < at for at, turn in both),
        sum(turn > at for at, turn in both),
        (_within(turns, 0), _within(turns, 1), _within(turns, 2)),
    )


def _precision_if_rare(recall: float, false_alarms: float) -> float:
    """Return the precision at `_RARE` from the shares of those handed over: needed, and not."""
    true, false = _RARE * recall, (1 - _RARE) * false_alarms
    return true / max(true + false, 1e-9)


def _within(turns: Sequence[tuple[int | None, int | None]], tolerance: int) -> float:
    correct = sum(
        at == turn or (at is not None and turn is not None and abs(at - turn) <= tolerance)
        for at, turn in turns
    )
    return correct / max(len(turns), 1)


def _best(conversations: Sequence[Conversation], deciders: Sequence[Decider]) -> Decider:
    return max(deciders, key=lambda decide: score(conversations, decide).f1)


def deciders(
    conversations: Sequence[Conversation], model: EmotionModel, policy: Policy
) -> dict[str, Decider]:
    """Return the triage and the baselines by name, each baseline tuned on the tuning split."""
    tuning = [conversation for conversation in conversations if conversation.split == TUNING]
    return {
        "triage": by_policy(model, policy),
        "keywords": by_keywords,
        "level alone": _best(tuning, [by_level(model, step / 20) for step in range(10, 20)]),
        "misses alone": _best(tuning, [by_misses(most) for most in (1, 2, 3)]),
    }


def report(model: EmotionModel, policy: Policy, path: Path = CONVERSATIONS) -> str:
    """Return a table of all deciders on both splits and in both languages."""
    conversations = read_conversations(path)
    lines = [
        f"{'':14}{'split':8}{'language':10}{'talks':>6}{'precision':>10}{'recall':>8}{'F1':>7}"
        f"{'at 10 %':>9}{'early':>7}{'late':>6}{'GT-0':>7}{'GT-1':>7}{'GT-2':>7}"
    ]
    for name, decide in deciders(conversations, model, policy).items():
        for split in (TUNING, REPORT):
            for language in ("en", "zh", "both"):
                chosen = [
                    conversation
                    for conversation in conversations
                    if conversation.split == split and language in (conversation.language, "both")
                ]
                found = score(chosen, decide)
                lines.append(
                    f"{name:14}{split:8}{language:10}{found.conversations:6}{found.precision:10.3f}"
                    f"{found.recall:8.3f}{found.f1:7.3f}{found.precision_if_rare:9.3f}{found.early:7}{found.late:6}"
                    + "".join(f"{share:7.3f}" for share in found.within)
                )
    return "\n".join(lines)


def mistakes(model: EmotionModel, policy: Policy, path: Path = CONVERSATIONS) -> str:
    """Return the tuning conversations handed over at another turn than labelled, one a line."""
    decide = by_policy(model, policy)
    tuning = [
        conversation for conversation in read_conversations(path) if conversation.split == TUNING
    ]
    turns = [(conversation, decide(conversation)) for conversation in tuning]
    return "\n".join(
        f"{conversation.id}: at {turn or 'no turn'}, not {conversation.at or 'any'}."
        f" {conversation.why}"
        for conversation, turn in turns
        if turn != conversation.at
    )
