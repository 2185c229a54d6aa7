"""What a decision saw that the stored messages do not tell any more.

A reply that the bot proposed may never have been said; a message may have arrived, or may have been
read, only later. Kept with the decision, this is what lets it be made again from the messages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.reply import Reply
from conversation.repository import (
    Message,
)

# What is known of a message only once its turn has ended.
_FOUND_OUT = (
    "language", "reading", "intent", "trouble", "handled_at", "handover", "earlier_cases",
)  # fmt: skip


@dataclass(frozen=True)
class Circumstances:
    """What was said by then, as ranges of sequence numbers, and what the bot proposed to say.

    `unfinished` are customer messages among them that nobody had answered yet, nor read.
    """

    said: tuple[tuple[int, int], ...]
    unfinished: tuple[int, ...]
    proposed: tuple[Reply, ...]

    def as_json(self) -> dict[str, Any]:
        """Return them as they are stored."""
        return {
            "said": [list(each) for each in self.said],
            "unfinished": list(self.unfinished),
            "proposed": [
                {
                    "text": reply.text,
                    "answered": reply.answered,
                    "order": reply.order,
                    "trouble": reply.trouble,
                }
                for reply in self.proposed
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Circumstances":
        """Return what `as_json` gave. Raises ValueError."""
        try:
            return cls(
                tuple((int(first), int(last)) for first, last in stored["said"]),
                tuple(map(int, stored["unfinished"])),
                tuple(Reply(**reply) for reply in stored["proposed"]),
            )
        except (TypeError, LookupError) as fault:
            raise ValueError("these are no circumstances of a decision") from fault


def circumstances(
    message: Message, said: Sequence[Message], proposed: Sequence[Reply]
) -> Circumstances:
    """Return those of the decision on `message`, after `said`, with what the bot `proposed`."""
    unfinished = tuple(
        one.seq
        for one in said
        if one.sender == "customer" and one.handled_at is None and one.seq != message.seq
    )
    return Circumstances(_ranges(one.seq for one in said), unfinished, tuple(proposed))


def supposed(conversation: Sequence[Message], seq: int) -> Circumstances:
    """Return what most likely was at message `seq`, where it was not kept.

    What the bot proposed and did not say is lost.
    """
    episode = next(one.episode for one in conversation if one.seq == seq)
    said = _ranges(one.seq for one in conversation if one.episode == episode and one.seq <= seq)
    proposed = (
        Reply(one.text, answered=one.answered, order=one.order, trouble=one.trouble)
        for one in conversation
        if one.in_reply_to == seq and one.sender == "assistant"
    )
    return Circumstances(said, (), tuple(proposed))


def as_they_stood(conversation: Sequence[Message], seq: int, seen: Circumstances) -> list[Message]:
    """Return the messages as they stood at the decision on message `seq`, oldest first."""
    there = (one for first, last in seen.said for one in conversation if first <= one.seq <= last)
    return [
        _before(one) if one.seq == seq else _unread(one) if one.seq in seen.unfinished else one
        for one in there
    ]


def _before(message: Message) -> Message:
    return replace(message, handled_at=None, handover=None)


def _unread(message: Message) -> Message:
    nothing: dict[str, Any] = dict.fromkeys(_FOUND_OUT)
    return replace(message, **nothing)


def _ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)
