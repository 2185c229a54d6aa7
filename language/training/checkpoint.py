"""Saves a training run now and then, so that an interruption costs minutes."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer


class Checkpoint:
    """The last saved state of one run, kept in one file that is replaced whole."""

    def __init__(self, path: Path, run: str) -> None:
        """`run` names the options of the run: a checkpoint of another run is not resumed."""
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
        """Load the saved state into `model` and `optimizer`; the steps done, 0 when none were."""
        if not self._path.is_file():
            return 0
        state: dict[str, Any] = torch.load(self._path, weights_only=True)
        if state["run"] != self._run:
            return 0
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])

    def forget(self) -> None:
        """Remove the file: the run is complete."""
        self._path.unlink(missing_ok=True)
