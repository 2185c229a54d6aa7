"""Asking which of two intents a customer means when both are likely."""

from assistant.actions.dialogue_state import DialogueState
from assistant.intents import article_of, choice_of
from assistant.reply import Choice, Reply, choice
from knowledge_base.search.reloading import KnowledgeBase
from language.catalogue import say

AMBIGUITY_RATIO = 0.5
"""A second intent is asked about from this share of the first one's confidence on."""


def disambiguate(state: DialogueState, knowledge: KnowledgeBase) -> Reply | None:
    """Return the question which of two intents is meant, with a choice for each.

    Returns:
        None when the message is clear, names an order, or comes while the form asks its questions.

    Raises:
        KnowledgeError: The knowledge base cannot be read.
    """
    if state.in_form or state.identifiers() or len(state.ranking) < 2:
        return None
    (first, first_confidence), (second, second_confidence) = state.ranking[:2]
    if state.intent != first or second_confidence < AMBIGUITY_RATIO * first_confidence:
        return None
    choices = [_choice(intent, state, knowledge) for intent in (first, second)]
    known = tuple(filter(None, choices))
    return Reply(say("which", state.language), choices=known, key="which") if all(choices) else None


def article_choice(slug: str, title: str) -> Choice:
    """Return the choice to read the article `slug`."""
    return Choice(title, title, f"article.{slug}")


def _choice(intent: str, state: DialogueState, knowledge: KnowledgeBase) -> Choice | None:
    """Return a task's own choice, a question's article; None for small talk."""
    slug = article_of(intent)
    if slug is None:
        return None
    if not intent.startswith("ask_"):
        return choice(choice_of(intent), state.language)
    article = knowledge.article(slug, state.language)
    return article_choice(slug, article.title) if article else None
