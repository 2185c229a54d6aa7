"""How a message is laid out for the emotion model together with what was said before it.

The message comes first and what was said before it follows, the latest first, each after a mark
that tells who spoke: what has to be cut for length is what lies furthest back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from triage.message import Message

# An answer's beginning tells what it is about; a longer input costs time in proportion.
LONGEST = 192
_LONGEST_MESSAGE, _LONGEST_BEFORE = 96, 40
# Messages further back than this are not looked at.
LOOK_BACK = 20
_CUSTOMER, _STAFF, _MISS = "[unused1]", "[unused2]", "[unused3]"


@dataclass(frozen=True)
class Layout:
    """The ids of the marks between messages."""

    end: int
    customer: int
    staff: int
    miss: int

    @classmethod
    def of(cls, id_of: Callable[[str], int | None]) -> "Layout":
        """The layout of a tokenizer, which gives the id of a mark. Raises ValueError."""
        ids = [id_of(name) for name in ("[SEP]", _CUSTOMER, _STAFF, _MISS)]
        found = [one for one in ids if one is not None]
        if len(found) < len(ids):
            raise ValueError("the tokenizer lacks the marks between messages")
        return cls(*found)

    def ids(
        self, message: Sequence[int], before: Iterable[tuple[Message, Sequence[int]]]
    ) -> list[int]:
        """The ids of `message` and, the latest first, of what was said `before` it.

        All without the marks at the very beginning and end, and 190 at most.
        """
        laid = chain(message[:_LONGEST_MESSAGE], *(self._earlier(*one) for one in before))
        return list(islice(laid, LONGEST - 2))

    def _earlier(self, said: Message, ids: Sequence[int]) -> Iterator[int]:
        yield self.end
        if said.sender == "customer":
            yield self.customer
        else:
            yield self.miss if said.answered is False else self.staff
        yield from ids[:_LONGEST_BEFORE]


def recent(before: Sequence[Message], most: int = 8) -> list[Message]:
    """The latest of what was said before a message, the latest first; notices are no talk."""
    return [said for said in reversed(before) if said.sender != "system"][:most]


def preceding(messages: Iterable[Message], seq: int) -> list[Message]:
    """Return the messages of an episode before message `seq`, as far as a model looks back."""
    return [message for message in messages if seq - LOOK_BACK < message.seq < seq]
