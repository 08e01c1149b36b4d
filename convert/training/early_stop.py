"""When a training has nothing more to gain."""

from __future__ import annotations

from dataclasses import dataclass, replace

from convert.training.recipe import EarlyStopTable


@dataclass(frozen=True)
class Patience:
    """The best epoch so far, and how long nothing better came; epochs count from 1, 0 is none."""

    best_epoch: int = 0
    best_loss: float = float("inf")
    epochs_since: int = 0

    def after(self, epoch: int, loss: float, table: EarlyStopTable) -> Patience:
        """What it is after ``epoch``, whose network has ``loss`` on the held-out crops."""
        if loss < self.best_loss - table.min_change:
            return Patience(epoch, loss, 0)
        return replace(self, epochs_since=self.epochs_since + 1)

    def is_over(self, table: EarlyStopTable) -> bool:
        """Whether it is time to stop."""
        return self.epochs_since >= table.patience_epochs
