import torch
from torch import nn

from language.training.fake_quantisation import fake_quantised


def test_a_layer_is_quantised_inside_the_context_only() -> None:
    torch.manual_seed(1)
    layer = nn.Linear(64, 3)
    inputs = torch.randn(50, 64)
    exact = layer(inputs)
    with fake_quantised(nn.Sequential(layer)):
        quantised = layer(inputs)
    assert not torch.equal(quantised, exact)
    assert torch.allclose(quantised, exact, atol=0.1)
    assert torch.equal(layer(inputs), exact)


def test_gradients_pass_through_unchanged() -> None:
    torch.manual_seed(1)
    layer, inputs = nn.Linear(8, 1), torch.randn(4, 8)
    layer(inputs).sum().backward()
    assert layer.weight.grad is not None
    exact = layer.weight.grad.clone()
    layer.zero_grad()
    with fake_quantised(nn.Sequential(layer)):
        layer(inputs).sum().backward()
    assert torch.allclose(layer.weight.grad, exact, atol=0.05)
