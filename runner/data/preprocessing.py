"""Raw feature columns to network inputs, learned from the training part alone."""

from __future__ import annotations

from operator import methodcaller

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from runner.data.columns import MOST_CATEGORIES, RAREST


def make_preprocessing(frame: pd.DataFrame) -> ColumnTransformer:
    """The unfitted preprocessing for tables with these columns.

    Only classes of scikit-learn, and functions of the standard library, so that a pickle of it loads where this
    package is not installed. Inputs come in this order: numbers and booleans (median for gaps, then
    standardised), one indicator for each of them that had gaps in the training part, one-hot categories.

    Args:
        frame: any part of the table; only column names and types are read.

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
        StandardScaler(),
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
