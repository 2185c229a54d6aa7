import torch
from torch import nn

from language.training.rounding import rounded


def test_a_rounded_layer_takes_255_steps_and_is_itself_again_afterwards() -> None:
    torch.manual_seed(1)
    layer = nn.Linear(64, 3)
    inputs = torch.randn(50, 64)
    exact = layer(inputs)
    with rounded(nn.Sequential(layer)):
        coarse = layer(inputs)
    assert not torch.equal(coarse, exact)
    assert torch.allclose(coarse, exact, atol=0.1)
    assert torch.equal(layer(inputs), exact)


def test_gradients_pass_through_the_rounding() -> None:
    torch.manual_seed(1)
    layer, inputs = nn.Linear(8, 1), torch.randn(4, 8)
    layer(inputs).sum().backward()
    assert layer.weight.grad is not None
    exact = layer.weight.grad.clone()
    layer.zero_grad()
    with rounded(nn.Sequential(layer)):
        layer(inputs).sum().backward()
    assert torch.allclose(layer.weight.grad, exact, atol=0.05)
