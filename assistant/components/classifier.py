"""Which intent a message has: logistic regression over its words, characters and meaning."""

from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(LogisticRegressionClassifier):
    """Rasa's classifier, with both kinds of features on one scale and less regularisation.

    The counts of words and characters are scaled to length `sparse_weight`, whatever the length of
    the message, beside the encoder's vector of length 1: unscaled, a hundred counts drown it. `C`
    is the inverse strength of the regularisation, as in scikit-learn. It needs the features of
    `EncoderFeaturizer` or another dense featurizer.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings of Rasa's classifier and our two."""
        defaults = LogisticRegressionClassifier.get_default_config()
        return {**defaults, "max_iter": 1000, "tol": 1e-4, "C": 10.0, "sparse_weight": 1.4}

    def __init__(self, config: dict[str, Any], *args: Any) -> None:
        """A classifier that `train` fits or `load` reads."""
        super().__init__(config, *args)
        self.clf.C = self.config["C"]

    def _create_X(self, messages: list[Message]) -> Any:  # noqa: N802 - Rasa's name
        features = super()._create_X(messages).tocsr()
        _, vector = messages[0].get_dense_features(attribute=TEXT)
        _scale_left(features, vector.features.shape[1], self.config["sparse_weight"])
        return features


def _scale_left(matrix: Any, kept: int, length: float) -> None:
    """Scales each row of a scipy CSR `matrix` to `length`, all but its last `kept` columns."""
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    left = matrix.indices < matrix.shape[1] - kept
    squares = np.bincount(row_of[left], matrix.data[left] ** 2, minlength=matrix.shape[0])
    matrix.data[left] *= length / np.sqrt(squares)[row_of[left]]
