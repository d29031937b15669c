"""How far two results are apart."""

from __future__ import annotations

import numpy as np


def relative_difference(values: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference as a share of what is expected; where that is 0, 0 if the value is and infinite if not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.abs(values - expected) / np.abs(expected)
    return float(np.max(np.where(values == expected, 0.0, share)))
