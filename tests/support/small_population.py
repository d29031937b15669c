"""Rows of one small population, as many and as new as a test wants."""

from __future__ import annotations

import numpy as np
import pandas as pd


def rows_of_population(rows: int, seed: int) -> pd.DataFrame:
    """Numbers with gaps, true/false, categories with gaps; a fifth of `y` is 1, for which `amount` is larger."""
    rng = np.random.default_rng(seed)
    label = rng.random(rows) < 0.2
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(rows) < 0.1, np.nan, np.round(rng.normal(size=rows) + 2 * label, 3)),
            "visits": rng.integers(0, 9, rows),
            "member": rng.random(rows) < 0.5,
            "colour": pd.Series(rng.choice(["red", "green", "blue"], rows)).where(rng.random(rows) > 0.1),
            "y": label.astype(int),
        }
    )
