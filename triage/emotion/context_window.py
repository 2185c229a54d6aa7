"""The context model's input: a message followed by the messages before it.

The message comes first and the earlier ones follow, the latest first, each after a special token
for its sender. When the input is too long, the oldest messages are cut.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from store.enums import Sender

# The beginning of an answer tells its subject, and time grows with the length of the input.
MAX_TOKENS = 192
_MAX_MESSAGE_TOKENS, _MAX_EARLIER_TOKENS = 96, 40
_CUSTOMER, _STAFF, _MISS = "[unused1]", "[unused2]", "[unused3]"


@dataclass(frozen=True)
class Said:
    """One message of a conversation; `answered` is False for an assistant's miss."""

    sender: Sender
    text: str
    answered: bool | None = None


@dataclass(frozen=True)
class ContextLayout:
    """The ids of the special tokens between messages."""

    end: int
    customer: int
    staff: int
    miss: int

    @classmethod
    def of(cls, token_id: Callable[[str], int | None]) -> "ContextLayout":
        """Return the layout for a tokenizer.

        Args:
            token_id: Gives the id of a special token by its name, None when there is none.

        Raises:
            ValueError: A special token is missing.
        """
        ids = [token_id(name) for name in ("[SEP]", _CUSTOMER, _STAFF, _MISS)]
        found = [number for number in ids if number is not None]
        if len(found) < len(ids):
            raise ValueError("the tokenizer lacks the special tokens between messages")
        return cls(*found)

    def ids(
        self, message: Sequence[int], before: Iterable[tuple[Said, Sequence[int]]]
    ) -> list[int]:
        """Return the token ids of a message and its context, at most 190, without [CLS] and [SEP].

        Args:
            message: The token ids of the message.
            before: The earlier messages with their token ids, the latest first.
        """
        earlier = (self._earlier(said, ids) for said, ids in before)
        return list(islice(chain(message[:_MAX_MESSAGE_TOKENS], *earlier), MAX_TOKENS - 2))

    def _earlier(self, said: Said, ids: Sequence[int]) -> Iterator[int]:
        yield self.end
        if said.sender == "customer":
            yield self.customer
        else:
            yield self.miss if said.answered is False else self.staff
        yield from ids[:_MAX_EARLIER_TOKENS]


def latest_messages(before: Sequence[Said], limit: int = 8) -> list[Said]:
    """Return the latest messages before a message, the latest first, without system notices."""
    return [said for said in reversed(before) if said.sender != "system"][:limit]
