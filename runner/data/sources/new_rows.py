"""How new rows are to be read so that they mean the same as those that a network was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from runner.data.sources.file_table import Table, gap_numbers


def for_new_rows(table: Table, features: pd.DataFrame) -> Mapping[str, Any]:
    """As plain values: see `runner.tracking.scorer`.

    Args:
        table: how it was read.
        features: of its rows, or of a sample of them.
    """
    how = table.columns.reading
    formats = {
        name: {**asdict(form), "whole": bool((features[name].dropna() % 1 == 0).all())}
        for name, form in table.columns.formats.items()
        if name in features
    }
    codes = [name for name in how.categorical if name in features]
    return {
        "gaps": list(how.own_gaps),
        "usual_gaps": how.usual_gaps,
        "gap_numbers": gap_numbers(how),
        "formats": formats,
        "numeric": [name for name in how.numeric if name in features],
        "codes": codes,
        "widths": {name: width for name in codes if (width := _width(features[name]))},
    }


def _width(codes: pd.Series) -> int:
    """How many digits each code has, where all have equally many and some begin with 0; else 0."""
    lengths = codes.dropna().str.len().unique()
    digits = codes.dropna().str.fullmatch(r"\d+").all()
    return int(lengths[0]) if digits and len(lengths) == 1 and codes.str.startswith("0").any() else 0
