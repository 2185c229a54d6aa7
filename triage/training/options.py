"""The hyperparameters of the emotion model's training."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """A phase of training with its own mixture of data and its own learning-rate schedule.

    Attributes:
        name: Names the phase's checkpoint.
        epochs: The number of epochs.
        rate: The peak learning rate of the trunk.
        head_rate: The peak learning rate of the heads.
        public: The largest number of rows of the public sets in an epoch.
        pairs: The largest number of translated pairs in an epoch.
        own: The largest number of the project's own single messages in an epoch.
        in_context: The largest number of messages in their context in an epoch.
    """

    name: str
    epochs: int
    rate: float
    head_rate: float
    public: int
    pairs: int
    own: int = 1_000_000
    in_context: int = 1_000_000


@dataclass(frozen=True)
class Options:
    """The course of the training.

    First masked language modelling, then all data, then mostly service messages; last the average
    of several such networks is fine-tuned.

    Attributes:
        pretraining_epochs: Epochs of masked language modelling.
        pretraining_rate: Its peak learning rate.
        phases: What every network is trained on, in order.
        average_phase: What the average of the networks is trained on.
        continued_phases: What an exported model is trained on when it is continued, in order.
        batch: The number of rows in a batch.
        service_copies: The number of copies with typing errors of each service message.
        long_messages: The number of long messages composed of service messages.
        neutral_share: The share of purely neutral Reddit comments in an epoch.
        conversation_copies: How often an epoch sees each conversation.
        upset_copies: How often an epoch sees each displeased turn of a real dialogue.
        acts_weight: The weight of the speech acts' loss.
        for_acts: Whether the model is for the speech acts, or for everything else: the linear model
            has only these outputs.
        members: The number of networks that are averaged, with the seeds `seed`, `seed` + 1, ….
        seed: The seed of everything random.
    """

    pretraining_epochs: int = 3
    pretraining_rate: float = 3e-4

    phases: tuple[Phase, ...] = (
        Phase("everything", 3, rate=1.5e-4, head_rate=1e-3, public=1_000_000, pairs=10_000),
        Phase("service", 2, rate=5e-5, head_rate=3e-4, public=16_000, pairs=4_000),
    )
    average_phase: Phase = Phase(
        "average", 2, rate=5e-5, head_rate=3e-4, public=24_000, pairs=3_000
    )
    continued_phases: tuple[Phase, ...] = (
        Phase("again", 1, rate=3e-5, head_rate=2e-4, public=16_000, pairs=2_000, in_context=1_000),
    )
    batch: int = 64
    service_copies: int = 2
    long_messages: int = 3000
    neutral_share: float = 0.6
    conversation_copies: int = 1
    upset_copies: int = 1
    acts_weight: float = 1.0
    for_acts: bool = False
    members: int = 2
    seed: int = 7


# The context model exists for the speech acts.
CONTEXT_OPTIONS = Options(
    continued_phases=(
        Phase("continued", 6, rate=1e-4, head_rate=5e-4, public=12_000, pairs=2_000),
        Phase("turns", 2, rate=1e-4, head_rate=5e-4, public=1_500, pairs=500, own=20_000),
    ),
    service_copies=1,
    long_messages=1500,
    conversation_copies=1,
    upset_copies=3,
    acts_weight=4.0,
    for_acts=True,
)
