"""The closed sets of the domain: each is defined once, for tables, types, API and labels."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may do; a supervisor may do all that an agent may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Sender(StrEnum):
    """Who wrote a message; `SYSTEM` are notices of the product itself."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    AGENT = "agent"
    SYSTEM = "system"


class ConversationState(StrEnum):
    """Who answers a conversation.

    `ASSISTANT`: the assistant. `WAITING`: the assistant, while a case waits for an agent. `PERSON`:
    an agent, and the assistant is silent. `CLOSED`: nobody, and nothing more may be written.
    """

    ASSISTANT = "assistant"
    WAITING = "waiting"
    PERSON = "person"
    CLOSED = "closed"


class Trouble(StrEnum):
    """What failed on our side while a message was handled."""

    ASSISTANT_DOWN = "assistant_down"
    KNOWLEDGE_DOWN = "knowledge_down"
    BACKOFFICE_DOWN = "backoffice_down"
    EMOTION_DOWN = "emotion_down"
    INTERRUPTED = "interrupted"


class Action(StrEnum):
    """What the triage decides, from the weakest to the strongest."""

    CONTINUE = "continue"
    WATCH = "watch"
    OFFER_PERSON = "offer_person"
    HAND_OVER = "hand_over"


class Verdict(StrEnum):
    """What a supervisor thinks of a decision."""

    RIGHT = "right"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    NOT_NEEDED = "not_needed"
    MISSED = "missed"


class CaseState(StrEnum):
    """Where a case stands; in `APPROVAL` an offer waits for a second person."""

    WAITING = "waiting"
    OPEN = "open"
    APPROVAL = "approval"
    RESOLVED = "resolved"


class ReturnTo(StrEnum):
    """Where an agent hands a case back to."""

    QUEUE = "queue"
    ASSISTANT = "assistant"


class OfferState(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    NEEDS_APPROVAL = "needs_approval"
    REFUSED = "refused"


class RuleFile(StrEnum):
    """The files of rules that supervisors edit."""

    POLICY = "policy"
    REMEDIES = "remedies"


class OrderStatus(StrEnum):
    """Where an order stands, as the company's order service says."""

    PROCESSING = "processing"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    LOST = "lost"


class OrderProblem(StrEnum):
    """What went wrong with an order."""

    LATE = "late"
    LOST = "lost"
    DAMAGED = "damaged"
    WRONG = "wrong"
    MISSING = "missing"
    DOUBLE_CHARGE = "double_charge"
