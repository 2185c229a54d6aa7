"""What the emotion model learns from when."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """A stretch of learning with its own mixture and its own rise and fall of the rate.

    `public` and `pairs` are the most rows of the public sets, and translations, of an epoch.
    """

    name: str
    epochs: int
    rate: float
    head_rate: float
    public: int
    pairs: int


@dataclass(frozen=True)
class Options:
    """What is learned from when: hidden pieces, then everything, then mostly what customers write.

    `guessing_epochs` and `guessing_rate` are for the hidden pieces, `service_copies` for each of
    our own messages, `conversation_copies` how often an epoch sees each conversation, `acts_weight`
    how much what messages do counts, `long_messages` are made of our own, `neutral_share` is the
    part of purely neutral comments that an epoch sees; `members` is how many networks are averaged,
    of the seeds `seed`, `seed` + 1 and so on, and `together` what their mean learns. `again` is
    what a model that ships already learns when there are more messages.
    """

    guessing_epochs: int = 3
    guessing_rate: float = 3e-4

    phases: tuple[Phase, ...] = (
        Phase("everything", 3, rate=1.5e-4, head_rate=1e-3, public=1_000_000, pairs=10_000),
        Phase("service", 2, rate=5e-5, head_rate=3e-4, public=16_000, pairs=4_000),
    )
    together: Phase = Phase("together", 2, rate=5e-5, head_rate=3e-4, public=24_000, pairs=3_000)
    again: Phase = Phase("again", 6, rate=1e-4, head_rate=5e-4, public=12_000, pairs=2_000)
    batch: int = 64
    service_copies: int = 2
    long_messages: int = 3000
    neutral_share: float = 0.6
    conversation_copies: int = 1
    acts_weight: float = 1.0
    members: int = 2
    seed: int = 7


# For the model of contexts, to which what messages do is everything.
IN_CONTEXT = Options(service_copies=1, long_messages=1500, conversation_copies=4, acts_weight=4.0)
