"""A sweep of two runs on a small file: the better one has its model, the other its weights alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from commands import Command
from small_population import rows_of_population

from runner.runs.folder import RunFolder


@dataclass(frozen=True)
class SmallSweep:
    """A sweep that is done.

    Attributes:
        outputs: where its store is.
        folder: of its runs.
        sweep_id: of its parent run.
        table: what it was trained on, with the target `y`.
    """

    outputs: Path
    folder: Path
    sweep_id: str
    table: pd.DataFrame

    @property
    def uri(self) -> str:
        """Of the store."""
        return f"sqlite:///{self.outputs / 'mlflow.db'}"

    def runs(self, *, with_model: bool) -> list[Path]:
        """The folders of its runs that have a model, or have none."""
        made = sorted(path.parent for path in self.folder.glob("*/run.json"))
        return [path for path in made if RunFolder(path).model.is_dir() == with_model]


@pytest.fixture(scope="package")
def small_table() -> pd.DataFrame:
    """Numbers with gaps, true/false, categories with gaps."""
    return rows_of_population(400, seed=0)


@pytest.fixture(scope="module")
def swept(module_command: Command, module_folder: Path, outputs: Path, small_table: pd.DataFrame) -> SmallSweep:
    """See `SmallSweep`."""
    small_table.to_csv(module_folder / "small.csv", index=False)
    done = module_command(
        *("-m", "dataset=file", f"dataset.path={module_folder / 'small.csv'}", "dataset.target=y", "loss=builtin"),
        *("split.seed=0,1", "trainer.epochs=2", "evaluation.bootstrap=0", "figures=none", "comparison=none"),
    )
    assert done.status == 0, done.err
    said = [line for line in done.out.splitlines() if line.startswith(("sweep id: ", "files of its runs: "))]
    sweep_id, folder = (line.partition(": ")[2] for line in said)
    return SmallSweep(outputs, module_folder / folder, sweep_id, small_table)
