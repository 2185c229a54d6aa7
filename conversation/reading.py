"""The emotion of one message, with the words that carry it, as the record keeps it."""

from dataclasses import asdict, dataclass
from typing import Any

from triage.emotion import EmotionModel, Reading, Weight

# Words are looked for where somebody will want to know why; each costs two runs of the model.
EXPLAINED_FROM = 0.5


@dataclass(frozen=True)
class Read:
    """A reading and the words that made it negative (none for a message that is not)."""

    reading: Reading
    words: tuple[Weight, ...]

    def as_json(self) -> dict[str, Any]:
        """Return {language, emotions, negative, words: [{text, start, end, weight}]}."""
        return {**asdict(self.reading), "words": [asdict(word) for word in self.words]}


def read_emotion(model: EmotionModel, text: str) -> Read:
    """Read one customer message."""
    reading = model.read(text)
    words = model.explain(text) if reading.negative >= EXPLAINED_FROM else ()
    return Read(reading, tuple(words))
