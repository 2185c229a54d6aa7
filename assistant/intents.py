"""What customers may mean, and which article of the knowledge base each meaning belongs to."""

ARTICLES = {
    "track_order": "track-an-order",
    "cancel_order": "cancel-an-order",
    "change_address": "delivery-address",
    "request_refund": "request-a-refund",
    "return_item": "returns",
    "complaint": "complaints",
    "want_person": "contact-a-person",
}
"""The intents whose article does not follow from their name."""

NOWHERE = ("out_of_scope", "other_question")
"""What no article is about: what is not the shop's business, and what its articles leave out."""

FALLBACK = "nlu_fallback"
"""What Rasa's FallbackClassifier calls a message that it is not sure about."""

UNSURE = (FALLBACK, "other_question")
"""What the search looks for in all articles, as no article belongs to it."""


def article_of(intent: str | None) -> str | None:
    """The slug that answers `intent`: `ask_promo_codes` is promo-codes; None for small talk."""
    if intent is None:
        return None
    if intent.startswith("ask_"):
        return intent.removeprefix("ask_").replace("_", "-")
    return ARTICLES.get(intent)
