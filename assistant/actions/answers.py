"""Answering from the knowledge base, and saying so when it does not know."""

from assistant.actions.moment import Moment, Outcome
from assistant.actions.rivals import which
from assistant.actions.wording import choice, say, say_all
from assistant.intents import article_of
from assistant.reply import Choice, Reply
from knowledge_base.live import KnowledgeBase
from knowledge_base.search import KnowledgeAnswer

MISSES_BEFORE_PERSON = 2
"""Misses in a row after which a person is offered."""

CERTAIN = 0.8
"""Below this confidence the customer is asked whether the answer helped, once an episode."""


class Answers:
    """The actions that answer questions. Each may raise KnowledgeError."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Answers from `knowledge` alone."""
        self._knowledge = knowledge

    def answer(self, moment: Moment) -> Outcome:
        """Answers the question with its source, asks which is meant, or admits a miss."""
        if question := which(moment, self._knowledge):
            return Outcome((question,), moment.identifiers())
        found = self._find(moment)
        if found is None:
            return self._miss(moment, "miss", moment.text)
        reply = answer_of(found, moment)
        slots = {"misses": 0, **moment.identifiers()}
        if moment.confidence >= CERTAIN or moment.in_form or moment.slots.get("asked_if_helped"):
            return Outcome((reply,), slots)
        return Outcome((reply, _did_it_help(moment)), {**slots, "asked_if_helped": True})

    def not_helpful(self, moment: Moment) -> Outcome:
        """Apologises for an answer that did not help, and offers what else is near the question."""
        return self._miss(moment, "not_helpful", moment.previous_question() or moment.text)

    def affirm(self, moment: Moment) -> Outcome:
        """A bare "yes" outside a form: it wants the person who was offered last, if any was."""
        person = choice("person", moment.language)
        if person.text in moment.offered():
            reply = Reply(say("fetching_person", moment.language))
            return Outcome((reply,), meaning="want_person")
        return Outcome((Reply(say("affirmed", moment.language)),))

    def _find(self, moment: Moment) -> KnowledgeAnswer | None:
        slug = article_of(moment.intent)
        found = slug and self._knowledge.passage(slug, moment.text, moment.language)
        return found or self._knowledge.answer(moment.text, moment.language)

    def _miss(self, moment: Moment, wording: str, question: str) -> Outcome:
        misses = int(moment.slots.get("misses") or 0) + 1
        topics = self._knowledge.closest(question, moment.language)
        choices = [Choice(topic.title, topic.title) for topic in topics]
        said = [wording]
        if misses >= MISSES_BEFORE_PERSON:
            said.append("offer_person")
            choices.append(choice("person", moment.language))
        if topics:
            said.append("closest")
        text = say_all(said, moment.language)
        reply = Reply(text, choices=tuple(choices), answered=False)
        return Outcome((reply,), {"misses": misses, **moment.identifiers()})


def answer_of(found: KnowledgeAnswer, moment: Moment) -> Reply:
    """What an article says, with its source, and a word on it where it is not translated."""
    untranslated = found.language != moment.language
    note = f"{say('untranslated', moment.language)}\n" if untranslated else ""
    return Reply(note + found.text, (found.source,), answered=True)


def _did_it_help(moment: Moment) -> Reply:
    choices = (choice("helped", moment.language), choice("not_helped", moment.language))
    return Reply(say("did_it_help", moment.language), choices=choices, aside=True)
