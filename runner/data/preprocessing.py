"""Raw feature columns to network inputs, learned from the training part alone."""

from __future__ import annotations

from operator import methodcaller

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

from runner.data.columns import MOST_CATEGORIES, RAREST

QUANTILES = 1000
"""Of a number's distribution in the training part, by which `quantile` maps it."""
PIECES = 8
"""Into which `piecewise_linear` cuts a number's range, each with as many training rows."""


def make_preprocessing(frame: pd.DataFrame, numbers_by: str = "standard") -> ColumnTransformer:
    """The unfitted preprocessing for tables with these columns.

    Only classes of scikit-learn, and functions of NumPy and the standard library, so that a pickle of it loads where
    this package is not installed. Inputs come in this order: numbers and booleans (median for gaps, then
    rescaled), one indicator for each of them that had gaps in the training part, one-hot categories.

    Args:
        frame: the table, or the part that it will be fitted on; column names, types and the number of rows are read.
        numbers_by: how numbers are rescaled, one of `runner.config.schemas.PREPROCESSING`; see `_rescaling`.

    Returns:
        A ColumnTransformer that makes a dense float64 array of a DataFrame, whatever the order of its columns.
    """

    def cast(dtype: str) -> FunctionTransformer:
        # methodcaller, not a function of ours: a pickle would need this package to load it.
        return FunctionTransformer(methodcaller("astype", dtype), feature_names_out="one-to-one")

    numbers = [name for name in frame.columns if frame[name].dtype.kind in "biuf"]
    categories = [name for name in frame.columns if name not in set(numbers)]
    values = make_pipeline(
        cast("float64"),
        SimpleImputer(strategy="median", keep_empty_features=True),
        *_rescaling(numbers_by, len(frame)),
    )
    # Indicators stay 0 and 1: standardised, a gap in one row of a thousand would be an input of 32.
    gaps = make_pipeline(cast("float64"), MissingIndicator(features="missing-only", error_on_new=False))
    # As text, an integer category read back as a plain integer is still the same category.
    one_hot = make_pipeline(
        cast("str"),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=RAREST,
            max_categories=MOST_CATEGORIES,
            sparse_output=False,
        ),
    )
    return ColumnTransformer(
        [("values", values, numbers), ("missing", gaps, numbers), ("categories", one_hot, categories)],
        sparse_threshold=0.0,
        verbose_feature_names_out=True,
    )


def _rescaling(numbers_by: str, rows: int) -> list[TransformerMixin]:
    """The steps that rescale numbers, learned from so many rows.

    | name | what a number becomes |
    |---|---|
    | standard | its distance from the mean in standard deviations |
    | robust | its distance from the median in quartile ranges, logarithmic from there on (asinh), standardised |
    | quantile | the normal quantile of its rank, standardised; in between by linear interpolation |
    | piecewise_linear | one input a quantile: 1 there, 0 at the next ones, linear in between |

    The last is the piecewise linear encoding of Gorishniy et al. 2022 (section 3.2) in the basis of hat functions.
    """
    match numbers_by:
        case "standard":
            return [StandardScaler()]
        case "robust":
            # Where more than half of the rows are equal the quartile range is 0 and the unit stays what it was.
            return [RobustScaler(), FunctionTransformer(np.arcsinh, feature_names_out="one-to-one"), StandardScaler()]
        case "quantile":
            # Standardised, because of a column of few values the ranks are few, and far out.
            ranks = QuantileTransformer(
                n_quantiles=min(QUANTILES, rows), output_distribution="normal", subsample=None, random_state=0
            )
            return [ranks, StandardScaler()]
        case "piecewise_linear":
            ranks = QuantileTransformer(n_quantiles=min(PIECES + 1, rows), subsample=None, random_state=0)
            return [ranks, SplineTransformer(n_knots=PIECES + 1, degree=1, knots="uniform", extrapolation="constant")]
    raise ValueError(f"no preprocessing {numbers_by!r}")
