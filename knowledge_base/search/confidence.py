"""How sure a match is: the probability that the best article answers the question."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from language.detect import LANGUAGES, Language

SHIPPED = Path(__file__).with_name("confidence.json")

Languages = tuple[Language, Language]
Weights = tuple[float, float, float]


@dataclass(frozen=True)
class Confidence:
    """A logistic regression over what the two searches found, fitted for each pair of languages.

    `weights` holds for the languages of question and article the intercept and the weights of
    closeness and coverage; at or above `threshold`, an article is good enough to answer with.
    Fitted on labelled questions by `python -m benchmarks.search --fit`, since cosines mean
    something else in each encoder.
    """

    weights: dict[Languages, Weights]
    threshold: float

    def probability(self, closeness: float, coverage: float, languages: Languages) -> float:
        """How likely an article with this closeness and coverage answers the question, 0 to 1.

        `languages` are those of the question and of the article.
        """
        intercept, by_closeness, by_coverage = self.weights[languages]
        return 1 / (1 + math.exp(-(intercept + by_closeness * closeness + by_coverage * coverage)))


def load_confidence(path: Path = SHIPPED) -> Confidence:
    """The fitted values in `path`; raises OSError or ValueError when they cannot be read."""
    values = json.loads(path.read_text(encoding="utf-8"))
    weights: dict[Languages, Weights] = {
        (asked, written): tuple(values["weights"][asked][written])
        for asked in LANGUAGES
        for written in LANGUAGES
    }
    return Confidence(weights, values["threshold"])
