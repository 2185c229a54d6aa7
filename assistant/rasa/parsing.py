"""Classifying texts outside a conversation, for files and measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.intents import NO_ARTICLE, UNSURE, article_of
from assistant.rasa.training import RASA_PYTHON, Parsed, parse_many
from knowledge_base.search.reloading import KnowledgeBase
from language.detect import detect


@dataclass(frozen=True)
class Understanding:
    """How the assistant understands a text.

    Attributes:
        intent: The intent.
        confidence: The confidence in it, from 0 to 1.
        article: The slug of the article that would answer; None when none would.
        abstained: Whether the assistant would say that it does not know.
    """

    intent: str
    confidence: float
    article: str | None
    abstained: bool


def understand(
    texts: Sequence[str], model: Path, knowledge: KnowledgeBase, python: Path = RASA_PYTHON
) -> list[Understanding]:
    """Return how the live assistant would understand each text. Raises TrainingFailed."""
    parsed_texts = parse_many(model, texts, python)
    return [
        _understanding(text, parsed, knowledge)
        for text, parsed in zip(texts, parsed_texts, strict=True)
    ]


def _understanding(text: str, parsed: Parsed, knowledge: KnowledgeBase) -> Understanding:
    article = article_of(parsed.intent)
    if parsed.intent in UNSURE:
        found = knowledge.answer(text, detect(text))
        article = found.source.article if found else None
    unknown = article is None and (parsed.abstained or parsed.intent in NO_ARTICLE)
    return Understanding(parsed.intent, parsed.confidence, article, unknown)
