"""A scripted stand-in for the assistant, for tests that need no Rasa."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from assistant.reply import NOTHING_OFFERED, Answer, Offered, Reply

# (text, language) → the answer; a script may also raise, as the real client does.
Script = Callable[[str, str], Answer]


def answered(text: str = "Here is how.", *, order: dict[str, Any] | None = None) -> Answer:
    """Return an answer of one reply that answers the question, and tells of `order` if given."""
    return Answer((Reply(text, answered=True, order=order),), "faq", 0.95)


def missed(text: str = "I do not know.") -> Answer:
    """Return an answer of one reply that says that the assistant has none."""
    return Answer((Reply(text, answered=False),), "nlu_fallback", 0.2)


@dataclass(frozen=True)
class Question:
    """What the assistant was asked."""

    sender: str
    text: str
    language: str
    offered: Offered


@dataclass
class Gate:
    """A point at which a fake waits: `reached` is set there, and it goes on once `opened` is."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Report the arrival and wait until the gate is opened."""
        self.reached.set()
        await self.opened.wait()


@dataclass
class ScriptedAssistant:
    """Answers by `script`, and remembers what it was asked; with a `gate` it waits there first."""

    script: Script = lambda text, _language: answered(f"You asked “{text}”; here is how.")
    gate: Gate | None = None
    questions: list[Question] = field(default_factory=list)

    async def ask(
        self, sender: str, text: str, language: str, offered: Offered = NOTHING_OFFERED
    ) -> Answer:
        """Return the scripted answer, as `Assistant.ask` does."""
        self.questions.append(Question(sender, text, language, offered))
        if self.gate is not None:
            await self.gate.wait()
        return self.script(text, language)
