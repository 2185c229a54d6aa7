"""Quantisation-aware training: the network is trained with the rounding errors of int8.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference" (CVPR 2018): values are rounded in the forward pass, and gradients pass unchanged
(straight-through estimator).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

_MIN_SCALE = 1e-8


class _StraightThrough(torch.autograd.Function):
    """Round to multiples of a scale in the forward pass; the identity in the backward pass."""

    @staticmethod
    def forward(context: Any, values: Tensor, scale: Tensor) -> Tensor:
        """Return `values` rounded to multiples of `scale`."""
        return torch.div(values, scale).round_().mul_(scale)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Return the gradient unchanged."""
        return gradients[0], None


def _fake_quantise(values: Tensor, scale: Tensor) -> Tensor:
    # torch leaves apply untyped.
    rounded = _StraightThrough.apply(values, scale.clamp(min=_MIN_SCALE))  # type: ignore[no-untyped-call]
    return cast(Tensor, rounded)


def _activations(values: Tensor) -> Tensor:
    """Quantise with one scale for the whole tensor, as onnxruntime's dynamic int8 does."""
    low, high = torch.aminmax(values.detach())
    scale = (high.clamp(min=0) - low.clamp(max=0)) / 255
    return _fake_quantise(values, scale)


def _weights(values: Tensor) -> Tensor:
    """Quantise with one symmetric scale for each output of a linear layer."""
    scale = values.detach().abs().amax(dim=1, keepdim=True) / 127
    return _fake_quantise(values, scale)


def _forward(layer: nn.Linear, inputs: Tensor) -> Tensor:
    return functional.linear(_activations(inputs), _weights(layer.weight), layer.bias)


@contextmanager
def fake_quantised(model: nn.Module) -> Iterator[None]:
    """Make every linear layer of `model` compute with int8's rounding inside the context."""
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    for layer in layers:
        # torch's parametrisations would do it too, but they rename the weights in checkpoints.
        layer.forward = partial(_forward, layer)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward
