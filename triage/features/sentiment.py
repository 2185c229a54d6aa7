"""Facts of how the customer feels, and of the course that it takes over the conversation."""

from collections.abc import Iterator, Sequence

from triage.features.episode import Evidence, Message, Talk
from triage.features.fact import NOTHING, Fact, Found

ANGER = ("anger",)
GRATITUDE = ("gratitude", "joy")
# A customer who reads below this is calm.
CALM = 0.35
# Displeasure that was there lasts down to this: nobody cools off halfway in one message.
LINGERING = 0.4
# How many messages tell whether displeasure lasts; chosen on the tuning conversations, of 2, 3, 4
# and all.
RECENT = 3
# How displeased a message is at the least whose words say so, however calm the rest reads.
SAID = 0.6


def _felt(messages: Sequence[Message]) -> tuple[Evidence, ...]:
    return tuple(message.felt() for message in messages)


def _negative_now(talk: Talk) -> Found:
    latest = talk.customer[-1:]
    return (latest[0].negative, _felt(latest)) if latest else (0.0, NOTHING)


def _negative_peak(talk: Talk) -> Found:
    if not talk.customer:
        return 0.0, NOTHING
    peak = max(talk.customer, key=lambda message: message.negative)
    return peak.negative, _felt([peak])


def _negative_mean(talk: Talk) -> Found:
    levels = [message.negative for message in talk.moods]
    return (sum(levels) / len(levels) if levels else 0.0), _felt(talk.moods)


def _negative_recent(talk: Talk) -> Found:
    latest = talk.moods[-RECENT:]
    level = sum(map(_displeasure, latest)) / RECENT
    return level, _felt([message for message in latest if message.is_displeased])


def _displeasure(message: Message) -> float:
    return max(message.negative, SAID if message.displeased_words else 0.0)


def _negative_rise(talk: Talk) -> Found:
    if len(talk.moods) < 2:
        return 0.0, NOTHING
    calmest = min(talk.moods[:-1], key=lambda message: message.negative)
    rise = talk.moods[-1].negative - calmest.negative
    return max(0.0, rise), _felt([calmest, talk.moods[-1]]) if rise > 0 else NOTHING


def _negative_slope(talk: Talk) -> Found:
    levels = [message.negative for message in talk.moods]
    middle, mean = (len(levels) - 1) / 2, sum(levels) / max(1, len(levels))
    spread = sum((place - middle) ** 2 for place in range(len(levels)))
    if not spread:
        return 0.0, NOTHING
    lean = sum((place - middle) * (level - mean) for place, level in enumerate(levels))
    return lean / spread, _felt(talk.moods)


def _run(messages: Sequence[Message], flags: Iterator[bool]) -> list[Message]:
    run: list[Message] = []
    for message, flag in zip(messages, flags, strict=True):
        run = [*run, message] if flag else []
    return run


def _negative_run(talk: Talk) -> Found:
    run = _run(talk.moods, (message.is_negative for message in talk.moods))
    return len(run), _felt(run)


def _displeased_run(talk: Talk) -> Found:
    run: list[Message] = []
    for message in talk.moods:
        lingers = bool(run) and message.negative >= LINGERING and not message.is_thankful
        run = [*run, message] if message.is_displeased or lingers else []
    return len(run), _felt(run)


def _displeased_turns(talk: Talk) -> Found:
    displeased = [message for message in talk.customer if message.is_displeased]
    return len(displeased), _felt(displeased)


def _displeased_now(talk: Talk) -> Found:
    latest = [message for message in talk.customer[-1:] if message.is_displeased]
    return bool(latest), _felt(latest)


def _started_calm(talk: Talk) -> Found:
    # A reading between calm and displeased is no displeasure: who starts so can still sour.
    first = [message for message in talk.moods[:1] if not message.is_displeased]
    return bool(first), _felt(first)


def _anger_now(talk: Talk) -> Found:
    return _feeling_now(talk, ANGER)


def _gratitude_now(talk: Talk) -> Found:
    return _feeling_now(talk, GRATITUDE)


def _feeling_now(talk: Talk, names: tuple[str, ...]) -> Found:
    if not talk.customer:
        return 0.0, NOTHING
    latest = talk.customer[-1]
    level = latest.emotion(*names)
    return level, (Evidence(latest.turn.seq, latest.quote, level),)


def _thanks_now(talk: Talk) -> Found:
    latest = [message for message in talk.customer[-1:] if message.is_thankful]
    return bool(latest), tuple(
        Evidence(message.turn.seq, message.marks.get("thanks", message.quote), 1.0)
        for message in latest
    )


def _recovered(talk: Talk) -> Found:
    """Either thanks, or two calm messages in a row, after displeasure and with none now."""
    if not any(message.is_displeased for message in talk.moods[:-1]):
        return False, NOTHING
    if talk.moods[-1].is_thankful:
        return True, _felt(talk.moods[-1:])
    latest = talk.moods[-2:]
    calm = all(message.negative < CALM and not message.is_displeased for message in latest)
    return calm, _felt(latest) if calm else NOTHING


def _needs_person(talk: Talk) -> Found:
    if not talk.customer:
        return 0.0, NOTHING
    latest = talk.customer[-1]
    level = latest.chance("needs_person") or 0.0
    return level, (Evidence(latest.turn.seq, latest.quote, level),) if level else NOTHING


def _unread_turns(talk: Talk) -> Found:
    unread = [message for message in talk.customer if message.turn.reading is None]
    return len(unread), tuple(Evidence(one.turn.seq, one.quote, 1.0) for one in unread)


SENTIMENT_FACTS = (
    Fact(
        "negative_now",
        "level",
        "How likely it is that the latest customer message is negative, 0 to 1.",
        _negative_now,
    ),
    Fact("negative_peak", "level", "The highest such probability so far.", _negative_peak),
    Fact(
        "negative_mean",
        "level",
        "The mean over all customer messages with a mood (not a bare yes or number).",
        _negative_mean,
    ),
    Fact(
        "negative_recent",
        "level",
        "The mean over the latest three messages with a mood; at least 0.6 where words say so.",
        _negative_recent,
    ),
    Fact(
        "negative_rise",
        "level",
        "How much more negative the latest message is than the calmest one before it.",
        _negative_rise,
    ),
    Fact(
        "negative_slope",
        "level",
        "How much more negative the customer becomes with each message (least squares).",
        _negative_slope,
    ),
    Fact(
        "negative_run",
        "count",
        "Customer messages in a row, up to the latest, that are negative (0.5 or more).",
        _negative_run,
    ),
    Fact(
        "displeased_now",
        "bool",
        "The latest message is negative in mood or wording, even if polite.",
        _displeased_now,
    ),
    Fact(
        "mood_turns",
        "count",
        "Customer messages with a mood (not a bare yes or number).",
        lambda talk: (len(talk.moods), NOTHING),
    ),
    Fact("displeased_turns", "count", "Customer messages that are displeased.", _displeased_turns),
    Fact(
        "displeased_run",
        "count",
        "Customer messages in a row, up to the latest, that are displeased or nearly so (0.4).",
        _displeased_run,
    ),
    Fact(
        "started_calm", "bool", "The first customer message showed no displeasure.", _started_calm
    ),
    Fact("anger_now", "level", "Anger in the latest customer message, 0 to 1.", _anger_now),
    Fact(
        "gratitude_now",
        "level",
        "Gratitude or joy in the latest customer message, 0 to 1.",
        _gratitude_now,
    ),
    Fact("thanks_now", "bool", "The latest customer message is a thank-you.", _thanks_now),
    Fact(
        "recovered",
        "bool",
        "The customer was displeased and has since said thanks or been calm twice.",
        _recovered,
    ),
    Fact(
        "needs_person",
        "level",
        "How likely a supervisor would want a person here, judging by the last messages.",
        _needs_person,
    ),
    Fact(
        "unread_turns",
        "count",
        "Customer messages that the emotion model could not read.",
        _unread_turns,
    ),
)
