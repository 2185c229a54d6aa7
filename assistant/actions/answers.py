"""Answering from the knowledge base, and saying so when it does not know."""

from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.actions.disambiguation import disambiguate
from assistant.actions.wording import choice, say, say_all
from assistant.intents import article_of
from assistant.reply import Choice, Reply
from knowledge_base.search.reloading import KnowledgeBase
from knowledge_base.search.searcher import KnowledgeAnswer

MISSES_BEFORE_PERSON = 2
"""Misses in a row after which a person is offered."""

CERTAIN = 0.8
"""Below this confidence the customer is asked whether the answer helped, once an episode."""


class Answers:
    """The actions that answer questions. Each may raise KnowledgeError."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Answers from `knowledge` alone."""
        self._knowledge = knowledge

    def answer(self, state: DialogueState) -> ActionResult:
        """Answers the question with its source, asks which is meant, or admits a miss."""
        if question := disambiguate(state, self._knowledge):
            return ActionResult((question,), state.identifiers())
        found = self._find(state)
        if found is None:
            return self._miss(state, "miss", state.text)
        reply = answer_of(found, state)
        slots = {"misses": 0, **state.identifiers()}
        if state.confidence >= CERTAIN or state.in_form or state.slots.get("asked_if_helped"):
            return ActionResult((reply,), slots)
        return ActionResult((reply, _did_it_help(state)), {**slots, "asked_if_helped": True})

    def not_helpful(self, state: DialogueState) -> ActionResult:
        """Apologises for an answer that did not help, and offers what else is near the question."""
        return self._miss(state, "not_helpful", state.previous_question() or state.text)

    def affirm(self, state: DialogueState) -> ActionResult:
        """A bare "yes" outside a form: it wants the person who was offered last, if any was."""
        person = choice("person", state.language)
        if person.text in state.offered():
            reply = Reply(say("fetching_person", state.language))
            return ActionResult((reply,), meaning="want_person")
        return ActionResult((Reply(say("affirmed", state.language)),))

    def _find(self, state: DialogueState) -> KnowledgeAnswer | None:
        slug = article_of(state.intent)
        found = slug and self._knowledge.passage(slug, state.text, state.language)
        return found or self._knowledge.answer(state.text, state.language)

    def _miss(self, state: DialogueState, wording: str, question: str) -> ActionResult:
        misses = int(state.slots.get("misses") or 0) + 1
        topics = self._knowledge.closest(question, state.language)
        choices = [Choice(topic.title, topic.title) for topic in topics]
        said = [wording]
        if misses >= MISSES_BEFORE_PERSON:
            said.append("offer_person")
            choices.append(choice("person", state.language))
        if topics:
            said.append("closest")
        text = say_all(said, state.language)
        reply = Reply(text, choices=tuple(choices), answered=False)
        return ActionResult((reply,), {"misses": misses, **state.identifiers()})


def answer_of(found: KnowledgeAnswer, state: DialogueState) -> Reply:
    """What an article says, with its source, and a word on it where it is not translated."""
    untranslated = found.language != state.language
    note = f"{say('untranslated', state.language)}\n" if untranslated else ""
    return Reply(note + found.text, (found.source,), answered=True)


def _did_it_help(state: DialogueState) -> Reply:
    choices = (choice("helped", state.language), choice("not_helped", state.language))
    return Reply(say("did_it_help", state.language), choices=choices, aside=True)
