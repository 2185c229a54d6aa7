"""Answering questions from the knowledge base, and admitting a miss."""

import re

from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.actions.disambiguation import article_choice, disambiguate
from assistant.intents import article_of
from assistant.reply import PERSON, Reply, choice
from knowledge_base.search.reloading import KnowledgeBase
from knowledge_base.search.searcher import KnowledgeAnswer
from language.catalogue import say, say_all
from language.segment import segment

FOLLOW_UP = "follow_up"

# How well a quotation must fit a question that is incomplete without the one before, where the
# message looks like one and where it may be anything; and how much better another article than the
# one in focus must fit. Chosen by eye on the tuning half of benchmarks/data/dialogues.
_FIT_OF_FOLLOW_UP = 0.3
_FIT = 0.42
_AHEAD = 0.06
_OTHERS = 3
# A question of more words says by itself what it is about.
_SHORT_QUESTION = 6

# The texts that give a reason, by the key of what they explain, or by its first part.
_WHY = {
    "order.not_found": "why.not_found",
    "order.not_found_again": "why.not_found",
    "ask.order_number": "why.identity",
    "ask.email": "why.identity",
    "ask.reason": "why.reason",
    "confirm": "why.confirm",
    "confirm.cancel_order_with_fee": "why.fee",
    "order.cancel_cost.fee": "why.fee",
    "order.cancel_cost.fee_later": "why.fee",
    "order.refund.open_with_fee": "why.fee",
    "order.delivery_charge.no": "why.late_fee",
    "order.delivery_charge.late": "why.late_fee",
    "order.status.overdue": "why.late",
    "order.arrival.overdue": "why.late",
    "order.delay.overdue": "why.late",
    "order.can_return.fault_only": "why.made_to_measure_return",
    "order.refund.made_to_measure": "why.made_to_measure_return",
}

_QUESTION = re.compile(
    r"[?？]|([吗嗎呢]|行不行|好不好|可不可以|能不能)\s*$|什么|什麼|怎么|怎麼|哪|谁|誰|几|幾|多少|多久|是否"
    r"|^\W*(?:\w+\W+){0,2}?(how|what|when|where|who|whose|which|why|do|does|did|can|could|is|are|was|will|would|should)\b",
    re.IGNORECASE,
)

# So many words without a verb are what people type into a search field.
_KEYWORDS = 3

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
            key = "miss" if asks_something(state.text) else "not_understood"
            return self._miss(state, key, state.text)
        reply, slots = answer_of(found, state), state.identifiers()
        if state.confidence >= CERTAIN or state.in_form or state.slots.get("asked_if_helped"):
            return ActionResult((reply,), slots)
        return ActionResult((reply, _did_it_help(state)), {**slots, "asked_if_helped": True})

    def not_helpful(self, state: DialogueState) -> ActionResult:
        """Apologise for an answer that did not help, and offer other articles on the question."""
        return self._miss(state, "not_helpful", state.previous_question() or state.text)

    def affirm(self, state: DialogueState) -> ActionResult:
        """Answer a "yes" to nothing in particular; a form asks its question again by itself."""
        if state.in_form:
            return ActionResult()
        key = "affirmed"
        return ActionResult((Reply(say(key, state.language), key=key),))

    def why(self, state: DialogueState) -> ActionResult:
        """Give the reason for what was last said, in other words; else the article's."""
        kind, _, name = (state.focus.key or "").partition(".")
        key = _WHY.get(state.focus.key or "") or _WHY.get(kind) or f"why.{name}"
        if kind != "obstacle" and key == f"why.{name}":
            if found := self._in_context(state):
                return ActionResult((answer_of(found, state),))
            key = "why.unknown"
        choices = (choice(PERSON, state.language),)
        return ActionResult((Reply(say(key, state.language), choices=choices, key=key),))

    def _find(self, state: DialogueState) -> KnowledgeAnswer | None:
        slug = state.chosen_article or article_of(state.intent)
        found = self._knowledge.passage(slug, state.text, state.language) if slug else None
        if found is None and state.intent == FOLLOW_UP:
            found = self._in_context(state)
        found = found or self._knowledge.answer(state.text, state.language)
        if found and state.chosen is None and state.confidence < CERTAIN:
            found = self._about_the_same(state, found)
        return found or self._in_context(state)

    def _about_the_same(self, state: DialogueState, found: KnowledgeAnswer) -> KnowledgeAnswer:
        """Return what the article in focus says on a short question, if that fits about as well.

        "Who pays the postage?" after an answer about returns is about returns.
        """
        slug = state.focus.article
        is_short = len(segment(state.text)) <= _SHORT_QUESTION
        if not (slug and is_short and state.focus.in_focus("article", state.turn)):
            return found
        same = self._knowledge.passage(slug, state.text, state.language)
        return same if same and same.score >= found.score - _AHEAD else found

    def _in_context(self, state: DialogueState) -> KnowledgeAnswer | None:
        """Return the answer to a question that is only complete with the one before it.

        The article that was quoted for that one is preferred; another one answers if it is the best
        for both questions together.
        """
        focus = state.focus
        if not (focus.article and focus.in_focus("article", state.turn)):
            return None
        least = _FIT_OF_FOLLOW_UP if state.intent == FOLLOW_UP else _FIT
        both = f"{focus.question} {state.text}"
        others = [hit.article for hit in self._knowledge.search(both, state.language, _OTHERS)]
        best: KnowledgeAnswer | None = None
        for slug in dict.fromkeys([focus.article, *others]):
            found = self._knowledge.passage(slug, state.text, state.language)
            ahead = least if best is None else best.score + _AHEAD
            if found and found.score >= ahead:
                best = found
        return best

    def _miss(self, state: DialogueState, key: str, question: str) -> ActionResult:
        """Return the apology `key` with the articles that come closest to `question`."""
        is_unclear = key == "not_understood"
        topics = () if is_unclear else self._knowledge.closest(question, state.language)
        keys = (key, "closest") if topics else (key,)
        reply = Reply(
            say_all(keys, state.language),
            choices=tuple(article_choice(topic.article, topic.title) for topic in topics),
            answered=False,
            key=key,
        )
        return ActionResult((reply,), state.identifiers())


def asks_something(text: str) -> bool:
    """Return whether a message is worded as a question, or is a few words to be looked up."""
    return _QUESTION.search(text) is not None or len(segment(text)) <= _KEYWORDS


def answer_of(found: KnowledgeAnswer, state: DialogueState) -> Reply:
    """Return an article's answer with its source, and a note if it is in the other language."""
    untranslated = found.language != state.language
    note = f"{say('untranslated', state.language)}\n" if untranslated else ""
    return Reply(note + found.text, (found.source,), answered=True, key="answer")


def _did_it_help(state: DialogueState) -> Reply:
    choices = (choice("helped", state.language), choice("not_helped", state.language))
    key = "did_it_help"
    return Reply(say(key, state.language), choices=choices, aside=True, key=key)
