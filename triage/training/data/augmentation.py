"""Data augmentation: messages with typing errors, and long messages composed of short ones.

Nearly every long service message in the data is a complaint. Without long calm messages the model
would take length itself for displeasure.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from language.detect import Language
from language.training.data.sampling import seeded_random
from language.training.data.typos import add_typos
from triage.emotion.reading import EMOTIONS, SPEECH_ACTS
from triage.training.data import labels
from triage.training.data.corpus import OWN_SETS, Corpus
from triage.training.data.example import Example
from triage.training.data.labels import Row
from triage.training.options import Options

# A message is calm when at most this share of readers would call the customer unhappy.
_CALM = 0.2
_MIN_PARTS, _MAX_PARTS = 2, 6
_UPSET_COLUMNS = [
    labels.ACTS_COLUMNS.start + SPEECH_ACTS.index(name) for name in ("displeased", "needs_person")
]
_NEUTRAL_COLUMN = labels.SERVICE_COLUMNS.start + EMOTIONS.index("neutral")


def augment(corpus: Corpus, options: Options) -> dict[str, list[Example]]:
    """Return the training part of `corpus` by data set, with the project's own sets augmented."""
    augmented = dict(corpus.parts["train"])
    for name in OWN_SETS:
        own = augmented[name]
        augmented[name] = own + [
            replace(row, text=add_typos(row.text, copy * len(own) + index))
            for copy in range(options.service_copies)
            for index, row in enumerate(own)
        ]
    augmented["conversations"] = augmented["conversations"] * options.conversation_copies
    upset = [row for row in augmented["dialogues"] if _is_upset(row)]
    augmented["dialogues"] = augmented["dialogues"] + upset * (options.upset_copies - 1)
    augmented["service"] += compose_long_messages(
        corpus.parts["train"]["service"], options.long_messages, options.seed
    )
    return augmented


def _is_upset(row: Example) -> bool:
    return bool((row.target[_UPSET_COLUMNS] >= 0.5).any())


def compose_long_messages(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Return `count` messages, each of two to six `examples` in one language.

    Half of them are calm throughout; in the others one part may be anything. Without calm examples
    there are none.
    """
    random = seeded_random(seed)
    calm = [row for row in examples if row.target[labels.NEGATIVE_COLUMN] <= _CALM]
    composed = []
    for number in range(count if calm else 0):
        language = random.choice(calm).language
        parts = random.choices(
            _in_language(calm, language), k=random.randint(_MIN_PARTS, _MAX_PARTS)
        )
        if number % 2:
            parts[random.randrange(len(parts))] = random.choice(_in_language(examples, language))
        text = " ".join(part.text for part in parts)
        target = combine_targets([part.target for part in parts])
        composed.append(Example(text, language, target))
    return composed


def _in_language(examples: Sequence[Example], language: Language) -> list[Example]:
    return [row for row in examples if row.language == language]


def combine_targets(parts: Sequence[Row]) -> Row:
    """Return the target of a message composed of parts with the targets `parts`.

    An output of the whole is the maximum over the parts, except that only what is neutral
    throughout is neutral. It is unknown when it is unknown of a part, unless another part is 1.
    """
    rows = np.stack(parts)
    combined = np.fmax.reduce(rows)
    combined[np.isnan(rows).any(axis=0) & (combined < 1)] = np.nan
    combined[_NEUTRAL_COLUMN] = rows[:, _NEUTRAL_COLUMN].min()
    return np.asarray(combined, np.float32)
