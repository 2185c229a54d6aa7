"""Facts of what the customer says in so many words."""

from collections.abc import Callable

from triage.features.episode import Evidence, Message, Talk
from triage.features.fact import Fact, Found


def _anywhere(group: str, intent: str | None = None) -> Callable[[Talk], Found]:
    def find(talk: Talk) -> Found:
        evidence = tuple(one for message in talk.customer for one in _said(message, group, intent))
        return bool(evidence), evidence

    return find


def _now(group: str, intent: str | None = None) -> Callable[[Talk], Found]:
    def find(talk: Talk) -> Found:
        evidence = tuple(
            one for message in talk.customer[-1:] for one in _said(message, group, intent)
        )
        return bool(evidence), evidence

    return find


def _said(message: Message, group: str, intent: str | None) -> tuple[Evidence, ...]:
    in_words = message.says(group)
    if in_words or intent is None or message.turn.intent != intent:
        return in_words
    return (Evidence(message.turn.seq, message.quote, 1.0),)


def _asked_again_for_person(talk: Talk) -> Found:
    _, evidence = _anywhere("wants_person", "want_person")(talk)
    return len(evidence) >= 2, evidence if len(evidence) >= 2 else ()


SPEECH_ACT_FACTS = (
    Fact(
        "wants_person",
        "bool",
        "The customer asks for a person, or refuses to talk to a bot.",
        _anywhere("wants_person", "want_person"),
    ),
    Fact(
        "asked_again_for_person",
        "bool",
        "The customer has asked for a person more than once.",
        _asked_again_for_person,
    ),
    Fact(
        "says_unhelpful",
        "bool",
        "The latest message says that the answer did not help.",
        _now("unhelpful", "not_helpful"),
    ),
    Fact(
        "disputes_answer",
        "bool",
        "The latest message contradicts the last answer.",
        _now("disputes"),
    ),
    Fact(
        "says_helped",
        "bool",
        "The latest message says that the answer helped.",
        _now("helped", "helpful"),
    ),
    Fact(
        "solved_now",
        "bool",
        "The latest message says or shows that the matter is settled.",
        _now("solved"),
    ),
    Fact(
        "says_again",
        "bool",
        "The latest message says that the customer has said or asked this before.",
        _now("again"),
    ),
    Fact(
        "complains",
        "bool",
        "The customer wants to make a complaint.",
        _anywhere("complains", "complaint"),
    ),
    Fact(
        "threat",
        "bool",
        "The customer mentions a lawyer, a court, a regulator, the press or a chargeback.",
        _anywhere("threat"),
    ),
    Fact(
        "leaving",
        "bool",
        "The customer threatens to leave or to warn others.",
        _anywhere("leaving"),
    ),
    Fact("abuse", "bool", "The customer insults somebody.", _anywhere("abuse")),
    Fact(
        "danger",
        "bool",
        "Somebody is in danger: fire, injury, illness, violence, self-harm.",
        _anywhere("danger"),
    ),
    Fact(
        "vulnerable",
        "bool",
        "The customer mentions illness, disability, old age, bereavement or hardship.",
        _anywhere("vulnerable"),
    ),
    Fact(
        "contacted_before",
        "bool",
        "The customer mentions an earlier contact about the same matter.",
        _anywhere("contacted"),
    ),
)
