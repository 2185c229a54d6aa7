"""Speech-act facts: what the customer requests, threatens, reports or thanks for."""

from collections.abc import Callable, Sequence

from triage.features.episode import Episode, Evidence, MessageFeatures
from triage.features.fact import Extracted, Fact, FactKind


def _anywhere(group: str, intent: str | None = None) -> Callable[[Episode], Extracted]:
    """Return how to extract whether any customer message has a speech act, or an intent."""

    def extract(episode: Episode) -> Extracted:
        return _evidence(episode.customer, group, intent)

    return extract


def _now(group: str, intent: str | None = None) -> Callable[[Episode], Extracted]:
    """Return how to extract whether the latest customer message has a speech act, or an intent."""

    def extract(episode: Episode) -> Extracted:
        return _evidence(episode.customer[-1:], group, intent)

    return extract


def _evidence(messages: Sequence[MessageFeatures], group: str, intent: str | None) -> Extracted:
    evidence = tuple(
        words for message in messages for words in _message_evidence(message, group, intent)
    )
    return bool(evidence), evidence


def _message_evidence(
    message: MessageFeatures, group: str, intent: str | None
) -> tuple[Evidence, ...]:
    evidence = message.evidence_of(group)
    if evidence or intent is None or message.raw.intent != intent:
        return evidence
    return (message.as_evidence(),)


def _asked_again_for_person(episode: Episode) -> Extracted:
    _, evidence = _anywhere("wants_person", "want_person")(episode)
    return len(evidence) >= 2, evidence if len(evidence) >= 2 else ()


SPEECH_ACT_FACTS = (
    Fact(
        "wants_person",
        FactKind.BOOL,
        "The customer asks for a person, or refuses to talk to a bot.",
        _anywhere("wants_person", "want_person"),
    ),
    Fact(
        "asked_again_for_person",
        FactKind.BOOL,
        "The customer has asked for a person more than once.",
        _asked_again_for_person,
    ),
    Fact(
        "says_unhelpful",
        FactKind.BOOL,
        "The latest message says that the answer did not help.",
        _now("unhelpful", "not_helpful"),
    ),
    Fact(
        "disputes_answer",
        FactKind.BOOL,
        "The latest message contradicts the last answer.",
        _now("disputes"),
    ),
    Fact(
        "says_helped",
        FactKind.BOOL,
        "The latest message says that the answer helped.",
        _now("helped", "helpful"),
    ),
    Fact(
        "solved_now",
        FactKind.BOOL,
        "The latest message says or shows that the matter is settled.",
        _now("solved"),
    ),
    Fact(
        "says_again",
        FactKind.BOOL,
        "The latest message says that the customer has said or asked this before.",
        _now("again"),
    ),
    Fact(
        "complains",
        FactKind.BOOL,
        "The customer wants to make a complaint.",
        _anywhere("complains", "complaint"),
    ),
    Fact(
        "threat",
        FactKind.BOOL,
        "The customer mentions a lawyer, a court, a regulator, the press or a chargeback.",
        _anywhere("threat"),
    ),
    Fact(
        "leaving",
        FactKind.BOOL,
        "The customer threatens to leave or to warn others.",
        _anywhere("leaving"),
    ),
    Fact("abuse", FactKind.BOOL, "The customer insults somebody.", _anywhere("abuse")),
    Fact(
        "danger",
        FactKind.BOOL,
        "Somebody is in danger: fire, injury, illness, violence, self-harm.",
        _anywhere("danger"),
    ),
    Fact(
        "vulnerable",
        FactKind.BOOL,
        "The customer mentions illness, disability, old age, bereavement or hardship.",
        _anywhere("vulnerable"),
    ),
    Fact(
        "contacted_before",
        FactKind.BOOL,
        "The customer mentions an earlier contact about the same matter.",
        _anywhere("contacted"),
    ),
)
