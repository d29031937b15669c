"""Which datasets are cut from the same rows.

The KEEL sets are one parent's classes grouped anew: yeast1 and yeast_1_vs_7 share most of their rows. Counted as two
datasets they would be one piece of evidence counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

CUT = ("keel", "imblearn", "page_blocks", "breast_cancer", "digits")
"""The dataset options whose sets are cut from others; a file of one's own is not, whatever its name."""

# Names that the rule below does not resolve. A name ending in * stands for all that begin so.
PARENTS = {
    "breast_cancer": "wdbc",  # scikit-learn's copy of the Wisconsin diagnostic set
    "car_*": "car",
    "crx": "australian",  # both are the credit approval set
    "digits_*": "optical_digits",  # scikit-learn's digits are its test part
    "flaref": "solar_flare",
    "hypothyroid": "thyroid_garavan",
    "kddcup_*": "kddcup",
    "kr_vs_k_*": "kr_vs_k",
    "lymphography_*": "lymphography",
    "shuttle_*": "shuttle",
    "sick_euthyroid": "thyroid_garavan",
    "solar_flare_*": "solar_flare",
    "thyroid_sick": "thyroid_garavan",
    "wine_quality": "winequality_white",
    "yeast_me2": "yeast",
}
CLASSES = re.compile(r"(?P<parent>.+?)_?\d+(_\d+)*(_vs_\d+(_\d+)*)?")


def parent(dataset: str) -> str:
    """The set whose rows a dataset is cut from; the dataset's own name where it is not known to be cut from any.

    The rule: class numbers at the end are dropped (`yeast1`, `abalone9_18`, `glass_0_1_6_vs_2`), and a table knows the
    names that do not end in class numbers. It holds for the sets of `CUT` alone: see `parents`.
    """
    for name, found in PARENTS.items():
        if dataset == name or (name.endswith("*") and dataset.startswith(name[:-1])):
            return found
    classes = CLASSES.fullmatch(dataset)
    return classes["parent"] if classes else dataset


def parents(table: pd.DataFrame) -> dict[str, str]:
    """The parent of each dataset in a table of runs; the dataset itself where its source cuts no sets.

    A dataset in several settings has the same rows in all of them.

    Args:
        table: columns dataset and, where they are known, source (the dataset option) and setting (whose words end the
            dataset's name).
    """
    known = pd.DataFrame({"source": "keel", "setting": "", **table})
    found = {}
    for dataset, source, setting in zip(known["dataset"].astype(str), known["source"], known["setting"], strict=True):
        own = dataset.removesuffix(f", {setting}") if setting else dataset
        found[dataset] = parent(own) if source in CUT else own
    return found


def families(datasets: list[str], known: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Datasets by parent, both in the order given.

    Args:
        datasets: their names.
        known: the parent of each, as of `parents`; else by the names alone.
    """
    found: dict[str, list[str]] = {}
    for dataset in datasets:
        found.setdefault((known or {}).get(dataset) or parent(dataset), []).append(dataset)
    return found
