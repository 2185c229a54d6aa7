"""What the assistant makes of texts, without a conversation: for files and measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.intents import NOWHERE, UNSURE, article_of
from assistant.rasa.training import RASA_PYTHON, Parsed, parse_many
from knowledge_base.search.reloading import KnowledgeBase
from language.detect import detect


@dataclass(frozen=True)
class Understanding:
    """`article` is the slug that would answer; `abstained` when the assistant would not know."""

    intent: str
    confidence: float
    article: str | None
    abstained: bool


def understand(
    texts: Sequence[str], model: Path, knowledge: KnowledgeBase, python: Path = RASA_PYTHON
) -> list[Understanding]:
    """Return what each text means, as the live assistant would take it. Raises TrainingFailed."""
    parsed = parse_many(model, texts, python)
    return [_understanding(text, each, knowledge) for text, each in zip(texts, parsed, strict=True)]


def _understanding(text: str, parsed: Parsed, knowledge: KnowledgeBase) -> Understanding:
    article = article_of(parsed.intent)
    if parsed.intent in UNSURE:
        found = knowledge.answer(text, detect(text))
        article = found.source.article if found else None
    unknown = article is None and (parsed.abstained or parsed.intent in NOWHERE)
    return Understanding(parsed.intent, parsed.confidence, article, unknown)
