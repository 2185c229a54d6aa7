"""A stand-in for the emotion model that reads a few keywords, for tests that need no ONNX."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from language.detect import detect
from triage.emotion.attribution import WordAttribution
from triage.emotion.reading import EMOTIONS
from triage.message import Message, Reading

# keyword → (emotion, probability); the strongest one of a message also gives `negative`.
KEYWORDS: dict[str, tuple[str, float]] = {
    "furious": ("anger", 0.95),
    "outrageous": ("anger", 0.9),
    "useless": ("anger", 0.8),
    "disappointed": ("disappointment", 0.8),
    "terrible": ("frustration", 0.8),
    "生气": ("anger", 0.9),
    "失望": ("disappointment", 0.8),
}


@dataclass
class KeywordEmotionModel:
    """Reads each of KEYWORDS as its emotion, and every other message as neutral.

    `on_read` is called with each text first, to hold a reading back or to make it fail.
    """

    on_read: Callable[[str], None] = field(default=lambda _text: None)

    @property
    def fingerprint(self) -> str:
        """Return a constant in place of a model's hash."""
        return "0" * 64

    def read(self, text: str, before: Sequence[Message] | None = None) -> Reading:
        """Return the reading, as `EmotionModel.read` does; it knows nothing of speech acts."""
        self.on_read(text)
        emotions = dict.fromkeys(EMOTIONS, 0.0)
        for _, emotion, probability in _found(text):
            emotions[emotion] = max(emotions[emotion], probability)
        negative = max(emotions.values())
        emotions["neutral"] = 1.0 - negative
        return Reading(detect(text), emotions, negative)

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]] | None = None
    ) -> list[Reading]:
        """Return the readings of several messages, as `EmotionModel.read_many` does."""
        return [self.read(text) for text in texts]

    def attribute(self, text: str, limit: int = 3) -> list[WordAttribution]:
        """Return the keywords of `text`, the heaviest first."""
        weights = [
            WordAttribution(text[start : start + len(word)], start, start + len(word), probability)
            for word, _, probability in _found(text)
            if (start := text.lower().find(word)) >= 0
        ]
        return sorted(weights, key=lambda weight: -weight.weight)[:limit]


def _found(text: str) -> list[tuple[str, str, float]]:
    return [
        (word, emotion, probability)
        for word, (emotion, probability) in KEYWORDS.items()
        if word in text.lower()
    ]
