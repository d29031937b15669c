"""How many rows a second `runner predict` scores with the default network, model loaded: CSV and Parquet.

    python benchmarks/predict.py               # about a minute on two free cores; 2,000,000 rows of page-blocks

CPU seconds are of all threads: on a machine that does something else too, rows a CPU second say what it would do alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet
from rich.console import Console
from rich.table import Table
from swept_runs import swept_runs


def main() -> None:
    """Prints the table."""
    sys.path.remove(str(Path(__file__).parent))  # whose losses.py would be taken for the package
    from runner.data.sources import load_page_blocks
    from runner.deployment import PredictOptions, find_model, predict_file

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        list(swept_runs(folder, "dataset=page_blocks", "trainer.epochs=2", "tracking.models=all"))
        model = find_model(str(next(folder.rglob("MLmodel")).parent), f"sqlite:///{folder / 'mlflow.db'}")
        features = load_page_blocks().features
        drawn = features.iloc[np.random.default_rng(0).integers(0, len(features), rows)]
        content = pa.Table.from_pandas(drawn, preserve_index=False)
        parquet.write_table(content, folder / "rows.parquet")
        csv.write_csv(content, folder / "rows.csv")
        table = Table(box=None, title=f"{rows:,} rows of {content.num_columns} columns, {os.cpu_count()} cores")
        for heading in ("file", "rows a second", "rows a CPU second"):
            table.add_column(heading, justify="left" if heading == "file" else "right")
        for file in ("rows.parquet", "rows.csv"):
            speeds = []
            for _ in range(3):
                cpu = time.process_time()
                done = predict_file(model, folder / file, folder / "scores.parquet", PredictOptions())
                speeds.append((done.rows / done.seconds, done.rows / (time.process_time() - cpu)))
            wall, processor = (max(each) for each in zip(*speeds, strict=True))
            table.add_row(file, f"{wall:,.0f}", f"{processor:,.0f}")
        Console().print(table)


if __name__ == "__main__":
    main()
