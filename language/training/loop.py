"""The training loop of both models: mixed precision, learning rate, checkpoints, progress."""

import ctypes
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from language.training import network
from language.training.checkpoint import Checkpoint

_STEPS_BETWEEN_CHECKPOINTS = 200
_WARM_UP_SHARE = 0.05


def warm_up_then_linear_decay(steps: int) -> Callable[[int], float]:
    """Return the learning-rate factor by step: up over the first twentieth, then down to zero."""
    warm_up = max(1, int(steps * _WARM_UP_SHARE))
    return lambda step: min(
        (step + 1) / warm_up, max(0.0, (steps - step) / max(1, steps - warm_up))
    )


def _has_native_bfloat16(device: str) -> bool:
    """Return whether the hardware computes bfloat16; emulation takes three times as long."""
    return device != "cpu" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))


# mallopt's numbers of these settings, and the largest value that it takes.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MAX_THRESHOLD = -1, -3, 2**30


def _keep_freed_memory() -> None:
    """Make glibc keep the memory of freed tensors instead of returning it to the system.

    By default a third of the training time is spent on allocating it again.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _MAX_THRESHOLD)
        mallopt(_TRIM_THRESHOLD, _MAX_THRESHOLD)


class Run:
    """One training run of a model, which can be interrupted and resumed."""

    def __init__(self, model: nn.Module, optimizer: Optimizer, checkpoint: Checkpoint) -> None:
        """Prepare to train `model` with `optimizer` from the state in `checkpoint`."""
        self._model = model
        self._optimizer = optimizer
        self._checkpoint = checkpoint

    def train(
        self,
        epochs: int,
        batches_of: Callable[[int], list[list[int]]],
        loss_of: Callable[[list[int]], Tensor],
        after_epoch: Callable[[], None] = lambda: None,
    ) -> None:
        """Train the model in place; the caller deletes the last checkpoint.

        Args:
            epochs: The number of epochs.
            batches_of: Gives the batches of an epoch by its number, from 0. It must give the same
                batches each time and equally many in every epoch.
            loss_of: Gives the loss of a batch.
            after_epoch: Called after every epoch.
        """
        _keep_freed_memory()
        steps_per_epoch = len(batches_of(0))
        schedule = LambdaLR(self._optimizer, warm_up_then_linear_decay(steps_per_epoch * epochs))
        done = self._checkpoint.resume(self._model, self._optimizer)
        schedule.last_epoch = done
        for epoch in range(done // steps_per_epoch, epochs):
            remaining = batches_of(epoch)[done - epoch * steps_per_epoch :]
            progress = tqdm(remaining, desc=f"epoch {epoch + 1}/{epochs}", mininterval=5)
            for batch in progress:
                loss = self._step(loss_of, batch)
                schedule.step()
                done += 1
                if done % _STEPS_BETWEEN_CHECKPOINTS == 0 or done == (epoch + 1) * steps_per_epoch:
                    progress.set_postfix(loss=f"{loss:.3f}")
                    self._checkpoint.save(done, self._model, self._optimizer)
            after_epoch()

    def _step(self, loss_of: Callable[[list[int]], Tensor], batch: list[int]) -> float:
        self._model.train()
        device = network.device().type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=_has_native_bfloat16(device)):
            loss = loss_of(batch)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        return loss.item()
