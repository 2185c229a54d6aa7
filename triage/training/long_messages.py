"""Long messages made of short ones: what is told at length is not the worse for it.

Nearly every long message that we have complains. Who has read no other takes length itself for
displeasure.
"""

from collections.abc import Sequence

import numpy as np

from language.detect import Language
from language.training.chance import generator
from triage.emotion.reading import EMOTIONS
from triage.training import labels
from triage.training.corpus import Example
from triage.training.labels import (
    Row,
)

# A message that so many readers at most would call unhappy is calm.
_CALM = 0.2
_FEWEST, _MOST = 2, 6
_NEUTRAL = labels.SERVICE_COLUMNS.start + EMOTIONS.index("neutral")


def made_of(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """`count` messages of two to six of our own `examples` each, of one language.

    Half of them are calm throughout; in the others one part may be anything.
    """
    chance = generator(seed)
    calm = [row for row in examples if row.target[labels.NEGATIVE_COLUMN] <= _CALM]
    found = []
    for number in range(count if calm else 0):
        language = chance.choice(calm).language
        parts = chance.choices(_of(calm, language), k=chance.randint(_FEWEST, _MOST))
        if number % 2:
            parts[chance.randrange(len(parts))] = chance.choice(_of(examples, language))
        text = " ".join(part.text for part in parts)
        found.append(Example(text, language, target_of([part.target for part in parts])))
    return found


def _of(examples: Sequence[Example], language: Language) -> list[Example]:
    return [row for row in examples if row.language == language]


def target_of(parts: Sequence[Row]) -> Row:
    """What is felt or done in any part, is so in the whole; neutral is only what is so throughout.

    What is not known of a part is not known of the whole, unless another part decides it.
    """
    rows = np.stack(parts)
    found = np.fmax.reduce(rows)
    found[np.isnan(rows).any(axis=0) & (found < 1)] = np.nan
    found[_NEUTRAL] = rows[:, _NEUTRAL].min()
    return np.asarray(found, np.float32)
