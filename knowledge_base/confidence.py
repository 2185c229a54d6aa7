"""How sure a match is: the probability that the best article answers the question."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from language.detect import Language

SHIPPED = Path(__file__).with_name("confidence.json")


@dataclass(frozen=True)
class Confidence:
    """A logistic regression over what the two searches found, fitted for each language.

    `weights` holds for each language the intercept and the weights of closeness and coverage; at or
    above `threshold`, an article is good enough to answer with. Fitted on labelled questions by
    `python -m benchmarks.search --fit`, since cosines mean something else in each encoder.
    """

    weights: dict[Language, tuple[float, float, float]]
    threshold: float

    def probability(self, closeness: float, coverage: float, language: Language) -> float:
        """How likely an article with this closeness and coverage answers the question, 0 to 1."""
        intercept, by_closeness, by_coverage = self.weights[language]
        return 1 / (1 + math.exp(-(intercept + by_closeness * closeness + by_coverage * coverage)))


def load_confidence(path: Path = SHIPPED) -> Confidence:
    """The fitted values in `path`; raises OSError or ValueError when they cannot be read."""
    values = json.loads(path.read_text(encoding="utf-8"))
    weights: dict[Language, tuple[float, float, float]] = {
        "en": tuple(values["weights"]["en"]),
        "zh": tuple(values["weights"]["zh"]),
    }
    return Confidence(weights, values["threshold"])
