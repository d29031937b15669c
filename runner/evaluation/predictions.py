"""What a trained network says about the rows of one part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import expit


@dataclass(frozen=True)
class Predictions:
    """Predictions of one part.

    Attributes:
        rows: (n,) positions in the dataset.
        labels: (n,) 0 or 1.
        logits: (n,) float64.
    """

    rows: np.ndarray
    labels: np.ndarray
    logits: np.ndarray

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(n,) float64, sigmoid of the logits; in float32 everything beyond logit 17 would be 1."""
        return expit(self.logits)

    def table(self) -> pd.DataFrame:
        """One row a prediction: row, label, logit, probability."""
        return pd.DataFrame(
            {
                "row": self.rows.astype("int64"),
                "label": self.labels.astype("int8"),
                "logit": self.logits,
                "probability": self.probabilities,
            }
        )
