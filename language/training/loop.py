"""The loop that both models learn by: batches, precision, checkpoints, a progress bar."""

import ctypes
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from language.training import backbone
from language.training.checkpoint import Checkpoint

_STEPS_BETWEEN_CHECKPOINTS = 200
_WARM = 0.05


def warm_then_linear(steps: int) -> Callable[[int], float]:
    """Learning-rate factor by step: up over the first twentieth, then down to zero."""
    up = max(1, int(steps * _WARM))
    return lambda step: min((step + 1) / up, max(0.0, (steps - step) / max(1, steps - up)))


def _bfloat16_is_fast(place: str) -> bool:
    """Whether it is computed by the machine itself: emulated, it takes three times as long."""
    return place != "cpu" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))


# mallopt's numbers of these settings, and the most that it takes.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST = -1, -3, 2**30


def _keep_memory() -> None:
    """Have glibc keep what large tensors lay in: by itself it gives each back, and a third of the
    time goes into being given it again.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _MOST)
        mallopt(_TRIM_THRESHOLD, _MOST)


class Run:
    """One training of `model`, which can be interrupted and taken up again."""

    def __init__(self, model: nn.Module, optimizer: Optimizer, checkpoint: Checkpoint) -> None:
        """Prepare to train `model` by `optimizer`, from where `checkpoint` stands."""
        self._model = model
        self._optimizer = optimizer
        self._checkpoint = checkpoint

    def learn(
        self,
        epochs: int,
        batches_of: Callable[[int], list[list[int]]],
        loss_of: Callable[[list[int]], Tensor],
        after_epoch: Callable[[], None] = lambda: None,
    ) -> None:
        """Train in place, from the last checkpoint on; the last one is left for the caller.

        `batches_of` gives the batches of an epoch, the same each time it is asked and as many in
        every epoch; `loss_of` the loss of one batch; `after_epoch` is called after each.
        """
        _keep_memory()
        a_epoch = len(batches_of(0))
        schedule = LambdaLR(self._optimizer, warm_then_linear(a_epoch * epochs))
        done = self._checkpoint.resume(self._model, self._optimizer)
        schedule.last_epoch = done
        for epoch in range(done // a_epoch, epochs):
            remaining = batches_of(epoch)[done - epoch * a_epoch :]
            bar = tqdm(remaining, desc=f"epoch {epoch + 1}/{epochs}", mininterval=5)
            for batch in bar:
                loss = self._step(loss_of, batch)
                schedule.step()
                done += 1
                if done % _STEPS_BETWEEN_CHECKPOINTS == 0 or done == (epoch + 1) * a_epoch:
                    bar.set_postfix(loss=f"{loss:.3f}")
                    self._checkpoint.save(done, self._model, self._optimizer)
            after_epoch()

    def _step(self, loss_of: Callable[[list[int]], Tensor], batch: list[int]) -> float:
        self._model.train()
        place = backbone.device().type
        with torch.autocast(place, dtype=torch.bfloat16, enabled=_bfloat16_is_fast(place)):
            loss = loss_of(batch)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        return loss.item()
