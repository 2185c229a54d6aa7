"""Calibrated confidence of a match: the probability that an article answers the question."""

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
    """A logistic regression over closeness and coverage, fitted for each pair of languages.

    `weights` maps the languages of question and article to the intercept and the weights of
    closeness and coverage. An article whose probability is at least `threshold` is given as the
    answer. `python -m benchmarks.search --fit` fits the values on labelled questions; they hold for
    one encoder only, since cosine similarities are not comparable between encoders.
    """

    weights: dict[Languages, Weights]
    threshold: float

    def probability(self, closeness: float, coverage: float, languages: Languages) -> float:
        """Return the probability, 0 to 1, that an article answers the question.

        Args:
            closeness: The mean cosine similarity of the article's two best passages.
            coverage: The share of the question's words that the article contains, 0 to 1.
            languages: The languages of the question and of the article.
        """
        intercept, by_closeness, by_coverage = self.weights[languages]
        return 1 / (1 + math.exp(-(intercept + by_closeness * closeness + by_coverage * coverage)))


def load_confidence(path: Path = SHIPPED) -> Confidence:
    """Return the fitted values in `path`.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file is not valid JSON.
    """
    values = json.loads(path.read_text(encoding="utf-8"))
    weights: dict[Languages, Weights] = {
        (asked, written): tuple(values["weights"][asked][written])
        for asked in LANGUAGES
        for written in LANGUAGES
    }
    return Confidence(weights, values["threshold"])
