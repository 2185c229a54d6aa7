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

    `sentences` are tokenised messages, `targets` (messages, outputs) what is known of each; of an
    act only messages count of which it is known. What is so in part counts in part.
    """
    acts = targets[:, labels.ACTS_COLUMNS]
    known = (~acts.isnan()).any(dim=1).nonzero()[:, 0].tolist()
    states = _states(model, [sentences[row] for row in known])
    mean, spread = states.mean(axis=0), states.std(axis=0) + 1e-6
    scaled = (states - mean) / spread
    with torch.no_grad():
        for place, truth in enumerate(acts[known].T.numpy(), start=labels.ACTS_COLUMNS.start):
            rows = ~np.isnan(truth)
            share = truth[rows]
            if 0 < share.mean() < 1:
                fitted = _fitted(scaled[rows], share)
                weights = fitted.coef_[0] / spread
                model.heads.weight[place] = torch.from_numpy(weights)
                model.heads.bias[place] = float(fitted.intercept_[0] - weights @ mean)


def _fitted(states: Floats, share: Floats) -> LogisticRegression:
    fitted = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MOST_STEPS)
    return fitted.fit(
        np.concatenate([states, states]),
        np.repeat([1, 0], len(states)),
        sample_weight=np.concatenate([share, 1 - share]),
    )


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
