"""The intent classifier: logistic regression over words, characters and sentence embeddings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from assistant.focus import CONTEXT

_RANKED = 10
# Training gives every intent the same prior probability. Talk that asks for nothing is rarer than
# questions, takes any form, and to take a question for it is worse than the reverse.
_PRIORS = {"remark": 0.3, "hardship": 0.3, "praise": 0.3}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(LogisticRegressionClassifier):
    """Rasa's classifier with scaled sparse features and less regularisation.

    The counts of words and characters are scaled to an L2 norm of `sparse_weight`, whatever the
    length of the message; the dense sentence embedding has a norm of 1. Without scaling the counts
    would dominate. `C` is the inverse strength of the regularisation, as in scikit-learn. It needs
    the features of `EncoderFeaturizer` or another dense featurizer.

    An intent that needs a context (`assistant.focus.CONTEXT`) has the probability 0 where the
    message's metadata does not name that context; the others are scaled to a sum of 1.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings of Rasa's classifier, with `C` and `sparse_weight`."""
        defaults = LogisticRegressionClassifier.get_default_config()
        return {**defaults, "max_iter": 1000, "tol": 1e-3, "C": 10.0, "sparse_weight": 1.4}

    def __init__(self, config: dict[str, Any], *args: Any) -> None:
        """Prepare the classifier that `train` fits or `load` reads."""
        super().__init__(config, *args)
        self.clf.C = self.config["C"]

    def process(self, messages: list[Message]) -> list[Message]:
        """Return the same messages, each with its intent and a ranking of the likeliest ones."""
        probabilities = self.clf.predict_proba(self._create_X(messages))
        for message, row in zip(messages, probabilities, strict=True):
            possible = row * _prior(self.clf.classes_, message.get("metadata"))
            possible /= possible.sum()
            best = np.argsort(-possible, kind="stable")[:_RANKED]
            ranking = [
                {"name": str(self.clf.classes_[index]), "confidence": float(possible[index])}
                for index in best
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _create_X(self, messages: list[Message]) -> Any:  # noqa: N802 - Rasa's name
        features = super()._create_X(messages).tocsr()
        _, vector = messages[0].get_dense_features(attribute=TEXT)
        _scale_sparse(features, vector.features.shape[1], self.config["sparse_weight"])
        return features


def _prior(intents: Any, metadata: Any) -> NDArray[np.float64]:
    """Return how likely each of `intents` is in the context that the metadata names, relatively."""
    context = metadata.get("context") if isinstance(metadata, dict) else None
    there = {None, *(context or ())}
    return np.array([_PRIORS.get(name, 1.0) * (CONTEXT.get(name) in there) for name in intents])


def _scale_sparse(matrix: Any, dense_columns: int, norm: float) -> None:
    """Scale each row of a scipy CSR `matrix`, without its last columns, to the L2 norm `norm`."""
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    sparse = matrix.indices < matrix.shape[1] - dense_columns
    squares = np.bincount(row_of[sparse], matrix.data[sparse] ** 2, minlength=matrix.shape[0])
    matrix.data[sparse] *= norm / np.sqrt(squares)[row_of[sparse]]
