"""The speech acts' head, refitted by logistic regression on the trained network's states.

In multi-task training the few messages with speech acts get little weight; a regression on the
final states fits them better (Kumar et al., ICLR 2022, found it best to fit the last layer by
itself where examples are few).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from language.training import network as encoder_network
from language.training.network import pad
from triage.training.data import labels
from triage.training.network import EmotionNetwork

Floats = NDArray[np.float32]

# Chosen on dev, of 0.003, 0.01, 0.03 and 0.1.
_INVERSE_PENALTY = 0.01
_ROWS_AT_ONCE = 64
_MAX_ITERATIONS = 1000


def refit(model: EmotionNetwork, sentences: Sequence[list[int]], targets: Tensor) -> None:
    """Fit the speech acts' rows of `model.heads` in place, and nothing else.

    Args:
        model: The trained network.
        sentences: Token ids of each message.
        targets: (messages, outputs), NaN where unknown. For an act only the messages count of which
            it is known; a share counts in part as a yes and in part as a no.
    """
    acts = targets[:, labels.ACTS_COLUMNS]
    known = (~acts.isnan()).any(dim=1).nonzero()[:, 0].tolist()
    states = _states(model, [sentences[row] for row in known])
    mean, deviation = states.mean(axis=0), states.std(axis=0) + 1e-6
    standardised = (states - mean) / deviation
    with torch.no_grad():
        for column, truth in enumerate(acts[known].T.numpy(), start=labels.ACTS_COLUMNS.start):
            rows = ~np.isnan(truth)
            share = truth[rows]
            if 0 < share.mean() < 1:
                regression = _fit(standardised[rows], share)
                weights = regression.coef_[0] / deviation
                model.heads.weight[column] = torch.from_numpy(weights)
                model.heads.bias[column] = float(regression.intercept_[0] - weights @ mean)


def _fit(states: Floats, share: Floats) -> LogisticRegression:
    regression = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MAX_ITERATIONS)
    return regression.fit(
        np.concatenate([states, states]),
        np.repeat([1, 0], len(states)),
        sample_weight=np.concatenate([share, 1 - share]),
    )


@torch.inference_mode()
def _states(model: EmotionNetwork, sentences: Sequence[list[int]]) -> Floats:
    """Return the inputs of the heads, (sentences, 2 × width)."""
    device = encoder_network.device()
    model.eval().to(device)
    order = sorted(range(len(sentences)), key=lambda row: len(sentences[row]))
    states = torch.zeros((len(sentences), model.heads.in_features))
    for start in range(0, len(order), _ROWS_AT_ONCE):
        rows = order[start : start + _ROWS_AT_ONCE]
        ids, mask = pad([sentences[row] for row in rows])
        states[rows] = model.states(ids.to(device), mask.to(device)).float().cpu()
    return states.numpy()
