"""What messages do, learned once more by the last layer alone.

A network that learns everything at once gives the few messages with acts little of its attention;
what its states know of them, a regression finds at once (Kumar et al., ICLR 2022, found the last
layer best fitted by itself where examples are few).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from language.training import backbone, batches
from triage.training import labels
from triage.training.network import EmotionNetwork

Floats = NDArray[np.float32]

# Chosen on dev, of 0.003, 0.01, 0.03 and 0.1.
_INVERSE_PENALTY = 0.01
_ROWS_AT_ONCE = 64
_MOST_STEPS = 1000


def refit(model: EmotionNetwork, sentences: Sequence[list[int]], targets: Tensor) -> None:
    """Fit the rows of `model.heads` that tell of acts, in place, and nothing else.

    `sentences` are tokenised messages, `targets` (messages, outputs) what is known of each; only
    messages of which all acts are known count.
    """
    known = (~targets[:, labels.ACTS_COLUMNS].isnan()).all(dim=1).nonzero()[:, 0].tolist()
    truth = targets[known, labels.ACTS_COLUMNS].numpy()
    states = _states(model, [sentences[row] for row in known])
    mean, spread = states.mean(axis=0), states.std(axis=0) + 1e-6
    scaled = (states - mean) / spread
    with torch.no_grad():
        for place, right in enumerate(truth.T, start=labels.ACTS_COLUMNS.start):
            if right.any() and not right.all():
                fitted = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MOST_STEPS)
                fitted.fit(scaled, right)
                weights = fitted.coef_[0] / spread
                model.heads.weight[place] = torch.from_numpy(weights)
                model.heads.bias[place] = float(fitted.intercept_[0] - weights @ mean)


@torch.inference_mode()
def _states(model: EmotionNetwork, sentences: Sequence[list[int]]) -> Floats:
    place = backbone.device()
    model.eval().to(place)
    order = sorted(range(len(sentences)), key=lambda row: len(sentences[row]))
    found = torch.zeros((len(sentences), model.heads.in_features))
    for start in range(0, len(order), _ROWS_AT_ONCE):
        rows = order[start : start + _ROWS_AT_ONCE]
        ids, mask = batches.pad([sentences[row] for row in rows])
        found[rows] = model.states(ids.to(place), mask.to(place)).float().cpu()
    return found.numpy()
