"""The words for what the record keeps as keys: states, actions, verdicts, emotions, causes.

A key that is not here, such as one that a supervisor added to a policy, is shown as it is written.
"""

from babel.support import NullTranslations

from api.pages.shared.translation import N_

LABELS: dict[str, dict[str, str]] = {
    "state": {
        "waiting": N_("Waiting"),
        "open": N_("Open"),
        "approval": N_("Approval"),
        "resolved": N_("Resolved"),
    },
    "action": {
        "continue": N_("Continue"),
        "watch": N_("Watch"),
        "offer_person": N_("Offer a person"),
        "hand_over": N_("Hand over"),
    },
    "verdict": {
        "right": N_("Right"),
        "too_early": N_("Too early"),
        "too_late": N_("Too late"),
        "not_needed": N_("Not needed"),
        "missed": N_("Missed"),
        "none": N_("Not judged yet"),
    },
    "offer": {
        "offered": N_("Offered"),
        "needs_approval": N_("Needs approval"),
        "refused": N_("Refused"),
    },
    "sender": {
        "customer": N_("Customer"),
        "assistant": N_("Assistant"),
        "agent": N_("Agent"),
        "system": N_("Notice"),
    },
    "language": {
        "en": N_("English"),
        "zh": N_("Chinese"),
    },
    "role": {
        "agent": N_("Agent"),
        "supervisor": N_("Supervisor"),
    },
    "priority": {
        "1": N_("Urgent"),
        "2": N_("High"),
        "3": N_("Normal"),
        "4": N_("Low"),
    },
    "emotion": {
        "anger": N_("Anger"),
        "frustration": N_("Frustration"),
        "disappointment": N_("Disappointment"),
        "sadness": N_("Sadness"),
        "anxiety": N_("Worry"),
        "confusion": N_("Confusion"),
        "surprise": N_("Surprise"),
        "gratitude": N_("Gratitude"),
        "joy": N_("Joy"),
        "neutral": N_("Neutral"),
    },
    "series": {
        "handovers": N_("Handovers"),
        "unanswered": N_("Unanswered questions"),
        "unread": N_("Unread messages"),
        "negative": N_("Negative messages"),
    },
    "alarm": {
        "successive_days": N_("two days in a row outside"),
        "week": N_("the seven days together have changed"),
    },
    "trouble": {
        "assistant_down": N_("Assistant down"),
        "knowledge_down": N_("Knowledge base down"),
        "backoffice_down": N_("Order service down"),
        "emotion_down": N_("Emotion model down"),
        "interrupted": N_("Interrupted"),
    },
    "problem": {
        "late": N_("Late"),
        "lost": N_("Lost"),
        "damaged": N_("Damaged"),
        "wrong": N_("Wrong item"),
        "missing": N_("Missing item"),
        "double_charge": N_("Charged twice"),
    },
    "fact": {
        "problem": N_("What went wrong"),
        "problem_confirmed": N_("It is established"),
        "days_late": N_("Working days late"),
        "order_status": N_("Order status"),
        "order_value": N_("Value of the order"),
        "delivery_paid": N_("Delivery paid"),
        "currency": N_("Currency"),
        "contacted_before": N_("Contacted us before"),
        "misses": N_("Questions without an answer"),
        "repeated_answers": N_("Answers given twice"),
        "trouble": N_("Out of order"),
        "danger": N_("Danger to somebody"),
        "threat": N_("Threat of legal steps or the public"),
        "vulnerable": N_("Vulnerable customer"),
    },
    "order": {
        "processing": N_("Processing"),
        "packed": N_("Packed"),
        "dispatched": N_("Dispatched"),
        "delivered": N_("Delivered"),
        "cancelled": N_("Cancelled"),
        "lost": N_("Lost"),
    },
}


def label(translations: NullTranslations, kind: str, key: object) -> str:
    """Return the word for `key` of a `kind`, in the language of `translations`."""
    known = LABELS[kind].get(str(key))
    return str(key).replace("_", " ") if known is None else str(translations.gettext(known))
