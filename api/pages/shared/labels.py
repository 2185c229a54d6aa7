"""The labels of stored keys: states, actions, verdicts, emotions, causes.

A key without a label, such as one that a supervisor added to a policy, is shown as it is written.
"""

from collections.abc import Mapping

from babel.support import NullTranslations

from api.pages.shared.translation import N_
from store.enums import (
    Action,
    CaseState,
    OfferState,
    OrderProblem,
    OrderStatus,
    ReturnTo,
    Role,
    RuleFile,
    Sender,
    Trouble,
    Verdict,
)

LABELS: Mapping[str, Mapping[str, str]] = {
    "state": {
        CaseState.WAITING: N_("Waiting"),
        CaseState.OPEN: N_("Open"),
        CaseState.APPROVAL: N_("Approval"),
        CaseState.RESOLVED: N_("Resolved"),
    },
    "return": {
        ReturnTo.QUEUE: N_("To the queue"),
        ReturnTo.ASSISTANT: N_("To the assistant"),
    },
    "action": {
        Action.CONTINUE: N_("Continue"),
        Action.WATCH: N_("Watch"),
        Action.OFFER_PERSON: N_("Offer a person"),
        Action.HAND_OVER: N_("Hand over"),
    },
    "verdict": {
        Verdict.RIGHT: N_("Right"),
        Verdict.TOO_EARLY: N_("Too early"),
        Verdict.TOO_LATE: N_("Too late"),
        Verdict.NOT_NEEDED: N_("Not needed"),
        Verdict.MISSED: N_("Missed"),
        "none": N_("Not judged yet"),
    },
    "offer": {
        OfferState.OFFERED: N_("Offered"),
        OfferState.NEEDS_APPROVAL: N_("Needs approval"),
        OfferState.REFUSED: N_("Refused"),
    },
    "sender": {
        Sender.CUSTOMER: N_("Customer"),
        Sender.ASSISTANT: N_("Assistant"),
        Sender.AGENT: N_("Agent"),
        Sender.SYSTEM: N_("Notice"),
    },
    "language": {
        "en": N_("English"),
        "zh": N_("Chinese"),
    },
    "role": {
        Role.AGENT: N_("Agent"),
        Role.SUPERVISOR: N_("Supervisor"),
    },
    "rules": {
        RuleFile.POLICY: N_("Policy"),
        RuleFile.REMEDIES: N_("Remedies"),
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
        Trouble.ASSISTANT_DOWN: N_("Assistant down"),
        Trouble.KNOWLEDGE_DOWN: N_("Knowledge base down"),
        Trouble.BACKOFFICE_DOWN: N_("Order service down"),
        Trouble.EMOTION_DOWN: N_("Emotion model down"),
        Trouble.INTERRUPTED: N_("Interrupted"),
    },
    "problem": {
        OrderProblem.LATE: N_("Late"),
        OrderProblem.LOST: N_("Lost"),
        OrderProblem.DAMAGED: N_("Damaged"),
        OrderProblem.WRONG: N_("Wrong item"),
        OrderProblem.MISSING: N_("Missing item"),
        OrderProblem.DOUBLE_CHARGE: N_("Charged twice"),
    },
    "fact": {
        "problem": N_("What went wrong"),
        "problem_confirmed": N_("Confirmed"),
        "days_late": N_("Working days late"),
        "order_status": N_("Order status"),
        "order_value": N_("Value of the order"),
        "delivery_paid": N_("Delivery paid"),
        "currency": N_("Currency"),
        "contacted_before": N_("Contacted us before"),
        "misses": N_("Questions without an answer"),
        "repeated_answers": N_("Repeated answers"),
        "trouble": N_("Failure on our side"),
        "danger": N_("Somebody is in danger"),
        "threat": N_("Threat of legal action or publicity"),
        "vulnerable": N_("Vulnerable customer"),
    },
    "order": {
        OrderStatus.PROCESSING: N_("Processing"),
        OrderStatus.PACKED: N_("Packed"),
        OrderStatus.DISPATCHED: N_("Dispatched"),
        OrderStatus.DELIVERED: N_("Delivered"),
        OrderStatus.CANCELLED: N_("Cancelled"),
        OrderStatus.LOST: N_("Lost"),
    },
}


def label(translations: NullTranslations, kind: str, key: object) -> str:
    """Return the label of `key`, one of the keys of a `kind`, in the language of `translations`."""
    known = LABELS[kind].get(str(key))
    return str(key).replace("_", " ") if known is None else str(translations.gettext(known))
