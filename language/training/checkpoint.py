"""Checkpoints of a training run, so that an interruption costs minutes."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer


class Checkpoint:
    """The last saved state of one run, in one file that is replaced atomically."""

    def __init__(self, path: Path, run: str) -> None:
        """Keep the state of a run in `path`.

        Args:
            path: The file.
            run: The options of the run. A checkpoint of a run with other options is ignored.
        """
        self._path = path
        self._run = run

    def save(self, step: int, model: nn.Module, optimizer: Optimizer) -> None:
        """Write the state after `step` steps."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "run": self._run,
            "step": step,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        partial = self._path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._path)

    def resume(self, model: nn.Module, optimizer: Optimizer) -> int:
        """Load the saved state into `model` and `optimizer`, and return its number of steps.

        Returns 0 when there is no state of this run.
        """
        if not self._path.is_file():
            return 0
        state: dict[str, Any] = torch.load(self._path, weights_only=True)
        if state["run"] != self._run:
            return 0
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])

    def delete(self) -> None:
        """Remove the file once the run is complete."""
        self._path.unlink(missing_ok=True)
