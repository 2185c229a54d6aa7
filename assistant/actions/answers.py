"""Answering questions from the knowledge base, and admitting a miss."""

from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.actions.disambiguation import article_choice, disambiguate
from assistant.intents import article_of
from assistant.reply import PERSON, Reply, choice
from knowledge_base.search.reloading import KnowledgeBase
from knowledge_base.search.searcher import KnowledgeAnswer
from language.catalogue import say, say_all

CERTAIN = 0.8
"""Below this confidence the customer is asked whether the answer helped, once an episode."""


class Answers:
    """The actions that answer questions. Each may raise KnowledgeError."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Answer from `knowledge`."""
        self._knowledge = knowledge

    def answer(self, state: DialogueState) -> ActionResult:
        """Answer the question with its source, ask which one is meant, or admit a miss."""
        if question := disambiguate(state, self._knowledge):
            return ActionResult((question,), state.identifiers())
        found = self._find(state)
        if found is None:
            return self._miss(state, "miss", state.text)
        reply, slots = answer_of(found, state), state.identifiers()
        if state.confidence >= CERTAIN or state.in_form or state.slots.get("asked_if_helped"):
            return ActionResult((reply,), slots)
        return ActionResult((reply, _did_it_help(state)), {**slots, "asked_if_helped": True})

    def not_helpful(self, state: DialogueState) -> ActionResult:
        """Apologise for an answer that did not help, and offer other articles on the question."""
        return self._miss(state, "not_helpful", state.previous_question() or state.text)

    def affirm(self, state: DialogueState) -> ActionResult:
        """Answer a "yes" outside a form: it asks for a person where one was just offered."""
        if PERSON in state.offered:
            key, intent = "fetching_person", "want_person"
        else:
            key, intent = "affirmed", None
        return ActionResult((Reply(say(key, state.language), key=key),), intent=intent)

    def _find(self, state: DialogueState) -> KnowledgeAnswer | None:
        slug = state.chosen_article or article_of(state.intent)
        found = slug and self._knowledge.passage(slug, state.text, state.language)
        return found or self._knowledge.answer(state.text, state.language)

    def _miss(self, state: DialogueState, key: str, question: str) -> ActionResult:
        """Return the apology `key` with the articles that come closest to `question`."""
        topics = self._knowledge.closest(question, state.language)
        keys = (key, "closest") if topics else (key,)
        reply = Reply(
            say_all(keys, state.language),
            choices=tuple(article_choice(topic.article, topic.title) for topic in topics),
            answered=False,
            key=key,
        )
        return ActionResult((reply,), state.identifiers())


def answer_of(found: KnowledgeAnswer, state: DialogueState) -> Reply:
    """Return an article's answer with its source, and a note if it is in the other language."""
    untranslated = found.language != state.language
    note = f"{say('untranslated', state.language)}\n" if untranslated else ""
    return Reply(note + found.text, (found.source,), answered=True, key="answer")


def _did_it_help(state: DialogueState) -> Reply:
    choices = (choice("helped", state.language), choice("not_helped", state.language))
    key = "did_it_help"
    return Reply(say(key, state.language), choices=choices, aside=True, key=key)
