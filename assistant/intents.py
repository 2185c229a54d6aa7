"""The intents of customers' messages, and the articles and choices that belong to them."""

import re
from functools import cache
from pathlib import Path

import yaml

DOMAIN = Path(__file__).parents[1] / "domain.yml"

ARTICLES = {
    "track_order": "track-an-order",
    "cancel_order": "cancel-an-order",
    "change_address": "delivery-address",
    "request_refund": "request-a-refund",
    "return_item": "returns",
    "complaint": "complaints",
    "want_person": "contact-a-person",
}
"""The articles of the intents whose article does not follow from their name."""

LEAVE_QUEUE = "leave_queue"
"""The intent of a customer who waits for a person and confirms that none is needed any more."""

OTHER_QUESTION = "other_question"
"""The intent of questions that no article is about."""

NO_ARTICLE = ("out_of_scope", OTHER_QUESTION)
"""The intents that no article is about: other businesses' matters, and what the articles omit."""

FALLBACK = "nlu_fallback"
"""The intent that Rasa's FallbackClassifier gives to a message that it is not sure about."""

UNSURE = (FALLBACK, OTHER_QUESTION)
"""The intents that are answered by a search of all articles."""

_CHOICES = {
    "person": "want_person",
    "yes": "affirm",
    "no": "deny",
    "helped": "helpful",
    "not_helped": "not_helpful",
    "leave_queue": "leave_queue",
    "stay_in_queue": "stay_in_queue",
}


TASK_WORDS = {
    "cancel_order": re.compile(r"\bcancel\b|取消", re.IGNORECASE),
    "request_refund": re.compile(r"\brefund\b|\bmoney back\b|退款|退钱|退錢", re.IGNORECASE),
    "return_item": re.compile(
        r"\breturn\b|\bsend (?:it|them) back\b|退货|退貨|登[记記]", re.IGNORECASE
    ),
    "change_address": re.compile(r"\bchange (?:it|the address)\b|[改换換]地址", re.IGNORECASE),
}
"""The words by which a customer names a task whose order is known already."""


@cache
def intents() -> frozenset[str]:
    """Return every intent of domain.yml."""
    return frozenset(yaml.safe_load(DOMAIN.read_text(encoding="utf-8"))["intents"])


def article_of(intent: str | None) -> str | None:
    """Return the slug of the article that answers `intent`; None for small talk.

    The slug of `ask_promo_codes` is promo-codes.
    """
    if intent is None:
        return None
    if intent.startswith("ask_"):
        return intent.removeprefix("ask_").replace("_", "-")
    return ARTICLES.get(intent)


def choice_of(intent: str) -> str:
    """Return the id of the choice that begins the task `intent`."""
    return "person" if intent == "want_person" else f"task.{intent}"


def intent_of(choice: str) -> str | None:
    """Return the intent of a customer who chose the choice with this id; None when it has none."""
    kind, _, name = choice.partition(".")
    match kind:
        case "task":
            return name
        case "reason" | "order":
            return "inform"
        case "article":
            question = f"ask_{name.replace('-', '_')}"
            return question if question in intents() else OTHER_QUESTION
        case _:
            return _CHOICES.get(choice)
