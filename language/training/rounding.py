"""Lets a network learn under the rounding that int8 will put on it.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference" (CVPR 2018): values are rounded on the way forward, gradients pass as if they were not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

_SMALLEST = 1e-8


class _StraightThrough(torch.autograd.Function):
    """Multiples of `scale` on the way forward; on the way back as if nothing had been done."""

    @staticmethod
    def forward(context: Any, values: Tensor, scale: Tensor) -> Tensor:
        """Round `values`."""
        return torch.div(values, scale).round_().mul_(scale)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Pass the gradient on."""
        return gradients[0], None


def _rounded(values: Tensor, scale: Tensor) -> Tensor:
    # torch leaves apply untyped.
    found = _StraightThrough.apply(values, scale.clamp(min=_SMALLEST))  # type: ignore[no-untyped-call]
    return cast(Tensor, found)


def _activations(values: Tensor) -> Tensor:
    """One scale for the whole tensor, found while running, as onnxruntime's dynamic int8 does."""
    low, high = torch.aminmax(values.detach())
    scale = (high.clamp(min=0) - low.clamp(max=0)) / 255
    return _rounded(values, scale)


def _weights(values: Tensor) -> Tensor:
    """One symmetric scale for each output of a linear layer."""
    scale = values.detach().abs().amax(dim=1, keepdim=True) / 127
    return _rounded(values, scale)


def _forward(layer: nn.Linear, inputs: Tensor) -> Tensor:
    return functional.linear(_activations(inputs), _weights(layer.weight), layer.bias)


@contextmanager
def rounded(model: nn.Module) -> Iterator[None]:
    """While it lasts, every linear layer of `model` computes with int8's rounding."""
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    for layer in layers:
        # torch's parametrisations would do it too, but they rename the weights in checkpoints.
        layer.forward = partial(_forward, layer)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward
