"""When a message may as well mean one thing as another: asking which."""

from assistant.actions.dialogue_state import DialogueState
from assistant.actions.wording import choice, say
from assistant.intents import article_of
from assistant.reply import Choice, Reply
from knowledge_base.search.reloading import KnowledgeBase

RIVAL = 0.6
"""A second meaning that is at least so likely, in proportion to the first, is asked about."""


def disambiguate(state: DialogueState, knowledge: KnowledgeBase) -> Reply | None:
    """The question which of two meanings is meant, with a button for each; None if it is clear.

    In a form nothing is asked: the form's own question stands. Who names an order is told of it
    rather than asked. May raise KnowledgeError.
    """
    if state.in_form or state.identifiers() or len(state.likeliest) < 2:
        return None
    (first, likelier), (second, likely) = state.likeliest[:2]
    if state.intent != first or likely < RIVAL * likelier:
        return None
    buttons = [_button(intent, state, knowledge) for intent in (first, second)]
    choices = tuple(filter(None, buttons))
    return Reply(say("which", state.language), choices=choices) if len(choices) == 2 else None


def _button(intent: str, state: DialogueState, knowledge: KnowledgeBase) -> Choice | None:
    """What chooses a meaning: a task by its own words, a question by its article's title."""
    slug = article_of(intent)
    if slug is None:
        return None
    if not intent.startswith("ask_"):
        return choice(intent, state.language)
    article = knowledge.article(slug, state.language)
    return Choice(article.title, article.title) if article else None
