"""Sentiment facts: the customer's sentiment and its trend over the episode."""

from collections.abc import Sequence

from triage.features.episode import Episode, Evidence, MessageFeatures
from triage.features.fact import NO_EVIDENCE, Extracted, Fact, FactKind

ANGER = ("anger",)
GRATITUDE = ("gratitude", "joy")
# A message whose probability of being negative is below this is calm.
CALM = 0.35
# A run of displeased messages lasts while the probability stays at or above this (hysteresis).
STILL_DISPLEASED = 0.4
# The number of latest messages whose mean is `negative_recent`; chosen on the tuning conversations
# from 2, 3, 4 and all.
RECENT = 3
# The least displeasure of a message with displeased words, whatever its probability.
DISPLEASED_WORDS_LEVEL = 0.6


def _evidence(messages: Sequence[MessageFeatures]) -> tuple[Evidence, ...]:
    return tuple(message.sentiment_evidence() for message in messages)


def _negative_now(episode: Episode) -> Extracted:
    latest = episode.customer[-1:]
    return (latest[0].negative, _evidence(latest)) if latest else (0.0, NO_EVIDENCE)


def _negative_peak(episode: Episode) -> Extracted:
    if not episode.customer:
        return 0.0, NO_EVIDENCE
    peak = max(episode.customer, key=lambda message: message.negative)
    return peak.negative, _evidence([peak])


def _negative_mean(episode: Episode) -> Extracted:
    levels = [message.negative for message in episode.with_sentiment]
    return (sum(levels) / len(levels) if levels else 0.0), _evidence(episode.with_sentiment)


def _negative_recent(episode: Episode) -> Extracted:
    latest = episode.with_sentiment[-RECENT:]
    level = sum(map(_displeasure, latest)) / RECENT
    return level, _evidence([message for message in latest if message.is_displeased])


def _displeasure(message: MessageFeatures) -> float:
    return max(message.negative, DISPLEASED_WORDS_LEVEL if message.displeased_words else 0.0)


def _negative_rise(episode: Episode) -> Extracted:
    if len(episode.with_sentiment) < 2:
        return 0.0, NO_EVIDENCE
    calmest = min(episode.with_sentiment[:-1], key=lambda message: message.negative)
    rise = episode.with_sentiment[-1].negative - calmest.negative
    return max(0.0, rise), _evidence(
        [calmest, episode.with_sentiment[-1]]
    ) if rise > 0 else NO_EVIDENCE


def _negative_slope(episode: Episode) -> Extracted:
    levels = [message.negative for message in episode.with_sentiment]
    mean_index, mean_level = (len(levels) - 1) / 2, sum(levels) / max(1, len(levels))
    variance = sum((index - mean_index) ** 2 for index in range(len(levels)))
    if not variance:
        return 0.0, NO_EVIDENCE
    covariance = sum(
        (index - mean_index) * (level - mean_level) for index, level in enumerate(levels)
    )
    return covariance / variance, _evidence(episode.with_sentiment)


def _negative_run(episode: Episode) -> Extracted:
    run: list[MessageFeatures] = []
    for message in episode.with_sentiment:
        run = [*run, message] if message.is_negative else []
    return len(run), _evidence(run)


def _displeased_run(episode: Episode) -> Extracted:
    run: list[MessageFeatures] = []
    for message in episode.with_sentiment:
        continues = bool(run) and message.negative >= STILL_DISPLEASED and not message.is_thankful
        run = [*run, message] if message.is_displeased or continues else []
    return len(run), _evidence(run)


def _displeased_turns(episode: Episode) -> Extracted:
    displeased = [message for message in episode.customer if message.is_displeased]
    return len(displeased), _evidence(displeased)


def _displeased_now(episode: Episode) -> Extracted:
    latest = [message for message in episode.customer[-1:] if message.is_displeased]
    return bool(latest), _evidence(latest)


def _started_calm(episode: Episode) -> Extracted:
    # Anything below displeased counts as calm here: the customer can still become displeased.
    first = [message for message in episode.with_sentiment[:1] if not message.is_displeased]
    return bool(first), _evidence(first)


def _anger_now(episode: Episode) -> Extracted:
    return _emotion_now(episode, ANGER)


def _gratitude_now(episode: Episode) -> Extracted:
    return _emotion_now(episode, GRATITUDE)


def _emotion_now(episode: Episode, names: tuple[str, ...]) -> Extracted:
    if not episode.customer:
        return 0.0, NO_EVIDENCE
    latest = episode.customer[-1]
    level = latest.emotion(*names)
    return level, (Evidence(latest.raw.seq, latest.quote, level),)


def _thanks_now(episode: Episode) -> Extracted:
    latest = [message for message in episode.customer[-1:] if message.is_thankful]
    return bool(latest), tuple(
        Evidence(message.raw.seq, message.matches.get("thanks", message.quote), 1.0)
        for message in latest
    )


def _recovered(episode: Episode) -> Extracted:
    """Return whether thanks or two calm messages in a row followed displeasure."""
    if not any(message.is_displeased for message in episode.with_sentiment[:-1]):
        return False, NO_EVIDENCE
    if episode.with_sentiment[-1].is_thankful:
        return True, _evidence(episode.with_sentiment[-1:])
    latest = episode.with_sentiment[-2:]
    calm = all(message.negative < CALM and not message.is_displeased for message in latest)
    return calm, _evidence(latest) if calm else NO_EVIDENCE


def _needs_person(episode: Episode) -> Extracted:
    if not episode.customer:
        return 0.0, NO_EVIDENCE
    latest = episode.customer[-1]
    level = latest.act_probability("needs_person") or 0.0
    return level, (Evidence(latest.raw.seq, latest.quote, level),) if level else NO_EVIDENCE


def _unread_turns(episode: Episode) -> Extracted:
    unread = [message for message in episode.customer if message.raw.reading is None]
    return len(unread), tuple(message.as_evidence() for message in unread)


SENTIMENT_FACTS = (
    Fact(
        "negative_now",
        FactKind.LEVEL,
        "How likely it is that the latest customer message is negative, 0 to 1.",
        _negative_now,
    ),
    Fact("negative_peak", FactKind.LEVEL, "The highest such probability so far.", _negative_peak),
    Fact(
        "negative_mean",
        FactKind.LEVEL,
        "The mean over all customer messages with a mood (not a bare yes or number).",
        _negative_mean,
    ),
    Fact(
        "negative_recent",
        FactKind.LEVEL,
        "The mean over the latest three messages with a mood; at least 0.6 where words say so.",
        _negative_recent,
    ),
    Fact(
        "negative_rise",
        FactKind.LEVEL,
        "How much more negative the latest message is than the calmest one before it.",
        _negative_rise,
    ),
    Fact(
        "negative_slope",
        FactKind.LEVEL,
        "How much more negative the customer becomes with each message (least squares).",
        _negative_slope,
    ),
    Fact(
        "negative_run",
        FactKind.COUNT,
        "Customer messages in a row, up to the latest, that are negative (0.5 or more).",
        _negative_run,
    ),
    Fact(
        "displeased_now",
        FactKind.BOOL,
        "The latest message is negative in mood or wording, even if polite.",
        _displeased_now,
    ),
    Fact(
        "mood_turns",
        FactKind.COUNT,
        "Customer messages with a mood (not a bare yes or number).",
        lambda episode: (len(episode.with_sentiment), NO_EVIDENCE),
    ),
    Fact(
        "displeased_turns",
        FactKind.COUNT,
        "Customer messages that are displeased.",
        _displeased_turns,
    ),
    Fact(
        "displeased_run",
        FactKind.COUNT,
        "Customer messages in a row, up to the latest, that are displeased or nearly so (0.4).",
        _displeased_run,
    ),
    Fact(
        "started_calm",
        FactKind.BOOL,
        "The first customer message showed no displeasure.",
        _started_calm,
    ),
    Fact("anger_now", FactKind.LEVEL, "Anger in the latest customer message, 0 to 1.", _anger_now),
    Fact(
        "gratitude_now",
        FactKind.LEVEL,
        "Gratitude or joy in the latest customer message, 0 to 1.",
        _gratitude_now,
    ),
    Fact("thanks_now", FactKind.BOOL, "The latest customer message is a thank-you.", _thanks_now),
    Fact(
        "recovered",
        FactKind.BOOL,
        "The customer was displeased and has since said thanks or been calm twice.",
        _recovered,
    ),
    Fact(
        "needs_person",
        FactKind.LEVEL,
        "How likely a supervisor would want a person here, judging by the last messages.",
        _needs_person,
    ),
    Fact(
        "unread_turns",
        FactKind.COUNT,
        "Customer messages that the emotion model could not read.",
        _unread_turns,
    ),
)
