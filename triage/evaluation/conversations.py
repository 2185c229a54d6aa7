"""How well the triage finds the moment for a person, on conversations that people labelled.

The conversations are data (`conversations.yml`), and `conversations.md` says how they were
labelled. Half of them are for tuning the policy, the other half only for the report.
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

CONVERSATIONS = Path(__file__).with_name("conversations.yml")
TUNING, REPORT = "tuning", "report"

# What a keyword filter would look for: a person, a complaint, strong words.
_KEYWORDS = re.compile(
    r"\b(human|person|agent|manager|supervisor|representative|complain\w*|lawyer|sue|refund|"
    r"terrible|awful|worst|useless|ridiculous|unacceptable|angry|furious|disgusting)\b"
    r"|人工|真人|客服|经理|投诉|律师|起诉|退款|太差|垃圾|气死|失望|骗子|无语|生气",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Conversation:
    """`at` is the customer's turn, from 1, at which a person should take over; None: never."""

    id: str
    language: str
    kind: str
    split: str
    at: int | None
    why: str
    messages: tuple[Message, ...]

    @property
    def customer(self) -> list[str]:
        """What the customer said, turn by turn."""
        return [said.text for said in self.messages if said.sender == "customer"]


# A conversation → the customer's turn at which it hands over; None: never.
Decider = Callable[[Conversation], int | None]


@dataclass(frozen=True)
class Score:
    """What a decider did.

    `precision`, `recall` and `f1` are of whole conversations: handed over or not, at whatever
    turn. `early` and `late` count the handovers of conversations that needed one before and after
    the labelled turn. `within` gives, for a tolerance of 0, 1 and 2 turns, the share of
    conversations in which the handover lies as close to the labelled turn, or none is made where
    none was needed: golden transfer within tolerance (Liu et al., "Time to Transfer", AAAI 2021,
    arXiv 2012.07610), counted as yes or no, without the paper's falling weights.
    """

    conversations: int
    precision: float
    recall: float
    f1: float
    early: int
    late: int
    within: tuple[float, float, float]


def read_conversations(path: Path = CONVERSATIONS) -> list[Conversation]:
    """The labelled conversations in `path`."""
    rows = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return [_conversation(row) for row in rows]


def _conversation(row: dict[str, Any]) -> Conversation:
    said = [
        _message(seq, *message.popitem()) for seq, message in enumerate(row["messages"], start=1)
    ]
    told = {name: row[name] for name in ("id", "language", "kind", "split", "at", "why")}
    return Conversation(**told, messages=tuple(said))


def _message(seq: int, kind: str, text: str) -> Message:
    if kind == "customer":
        return Message(seq, Sender.CUSTOMER, text)
    return Message(seq, Sender.ASSISTANT, text, answered=kind != "missed")


def by_policy(model: EmotionModel, policy: Policy) -> Decider:
    """The triage itself."""
    return lambda conversation: decide_conversation(conversation.messages, model, policy).turn


def by_keywords(conversation: Conversation) -> int | None:
    """The first turn with a word that speaks of persons, complaints or anger."""
    return _first(_KEYWORDS.search(text) is not None for text in conversation.customer)


def by_level(model: EmotionModel, threshold: float) -> Decider:
    """The first turn that reads as negative as `threshold`."""
    return lambda conversation: _first(
        reading.negative >= threshold for reading in model.read_many(conversation.customer)
    )


def by_misses(most: int) -> Decider:
    """The turn at which the assistant has had no answer `most` times."""

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
    return next((turn for turn, true in enumerate(turns, start=1) if true), None)


def score(conversations: Sequence[Conversation], decide: Decider) -> Score:
    """How the turns at which `decide` hands over compare with the labelled ones."""
    turns = [(conversation.at, decide(conversation)) for conversation in conversations]
    both = [(at, turn) for at, turn in turns if at is not None and turn is not None]
    needed = sum(at is not None for at, _ in turns)
    said = sum(turn is not None for _, turn in turns)
    precision, recall = len(both) / max(said, 1), len(both) / max(needed, 1)
    return Score(
        len(turns),
        precision,
        recall,
        2 * precision * recall / max(precision + recall, 1e-9),
        sum(turn < at for at, turn in both),
        sum(turn > at for at, turn in both),
        (_within(turns, 0), _within(turns, 1), _within(turns, 2)),
    )


def _within(turns: Sequence[tuple[int | None, int | None]], tolerance: int) -> float:
    good = sum(
        at == turn or (at is not None and turn is not None and abs(at - turn) <= tolerance)
        for at, turn in turns
    )
    return good / max(len(turns), 1)


def _best(conversations: Sequence[Conversation], deciders: Sequence[Decider]) -> Decider:
    return max(deciders, key=lambda decide: score(conversations, decide).f1)


def deciders(
    conversations: Sequence[Conversation], model: EmotionModel, policy: Policy
) -> dict[str, Decider]:
    """The triage, and beside it what simpler systems do, each as good as tuning makes it."""
    tuning = [one for one in conversations if one.split == TUNING]
    return {
        "triage": by_policy(model, policy),
        "keywords": by_keywords,
        "level alone": _best(tuning, [by_level(model, step / 20) for step in range(10, 20)]),
        "misses alone": _best(tuning, [by_misses(most) for most in (1, 2, 3)]),
    }


def report(model: EmotionModel, policy: Policy, path: Path = CONVERSATIONS) -> str:
    """A table of all deciders on both halves and in both languages."""
    conversations = read_conversations(path)
    lines = [
        f"{'':14}{'half':8}{'language':10}{'talks':>6}{'precision':>10}{'recall':>8}{'F1':>7}"
        f"{'early':>7}{'late':>6}{'GT-0':>7}{'GT-1':>7}{'GT-2':>7}"
    ]
    for name, decide in deciders(conversations, model, policy).items():
        for split in (TUNING, REPORT):
            for language in ("en", "zh", "both"):
                own = [
                    one
                    for one in conversations
                    if one.split == split and language in (one.language, "both")
                ]
                found = score(own, decide)
                lines.append(
                    f"{name:14}{split:8}{language:10}{found.conversations:6}{found.precision:10.3f}"
                    f"{found.recall:8.3f}{found.f1:7.3f}{found.early:7}{found.late:6}"
                    + "".join(f"{share:7.3f}" for share in found.within)
                )
    return "\n".join(lines)


def mistakes(model: EmotionModel, policy: Policy, path: Path = CONVERSATIONS) -> str:
    """The conversations for tuning that the triage hands over at another turn than labelled."""
    decide = by_policy(model, policy)
    tuning = [one for one in read_conversations(path) if one.split == TUNING]
    turns = [(one, decide(one)) for one in tuning]
    return "\n".join(
        f"{one.id}: at {turn or 'no turn'}, not {one.at or 'any'}. {one.why}"
        for one, turn in turns
        if turn != one.at
    )
