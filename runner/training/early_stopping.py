"""When to stop, and which epoch was best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from runner.terms.findings import LATE


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` epochs in a row in which `monitor` did not improve by more than `min_delta`."""

    monitor: str
    mode: str
    patience: int
    min_delta: float = 0.0


class BestEpoch:
    """Follows one metric through the epochs. Without early stopping the last epoch counts as the best."""

    def __init__(self, rule: EarlyStopping | None) -> None:
        self.rule = rule
        self.epoch = 0
        self._value = math.nan

    def improved(self, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Takes an epoch's metrics (epochs count from 1) and tells whether its weights are to be kept."""
        if self.rule is not None:
            value, sign = metrics[self.rule.monitor], 1.0 if self.rule.mode == "max" else -1.0
            better = math.isnan(self._value) or sign * (value - self._value) > self.rule.min_delta
            # The first epoch is kept whatever it is: a run must end with some weights.
            if self.epoch and (math.isnan(value) or not better):
                return False
            self._value = value
        self.epoch = epoch
        return True

    def exhausted(self, epoch: int) -> bool:
        """Whether training should stop after this epoch."""
        return self.rule is not None and epoch - self.epoch >= max(self.rule.patience, 1)

    def ending(self, done: int, epochs: int, *, pruned: bool = False) -> str:
        """Why training ended after `done` of `epochs` epochs, in words."""
        if pruned:
            return f"pruned after {done} of {epochs} epochs"
        if self.rule is not None and done < epochs:
            return f"{self.rule.monitor} no better for {done - self.epoch} epochs"
        if self.rule is not None and self.epoch > LATE * done:
            return f"all {done} epochs done, still improving in epoch {self.epoch}: raise trainer.epochs"
        return f"all {done} epochs done"
