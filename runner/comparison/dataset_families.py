"""Which datasets are cut from the same rows.

The KEEL sets are one parent's classes grouped anew: yeast1 and yeast_1_vs_7 share most of their rows. Counted as two
datasets they would be one piece of evidence counted twice.
"""

from __future__ import annotations

import re

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
    names that do not end in class numbers. A file of one's own called sales_2021 is therefore taken to share rows
    with sales_2022.
    """
    for name, found in PARENTS.items():
        if dataset == name or (name.endswith("*") and dataset.startswith(name[:-1])):
            return found
    classes = CLASSES.fullmatch(dataset)
    return classes["parent"] if classes else dataset


def families(datasets: list[str]) -> dict[str, list[str]]:
    """Datasets by parent, both in the order given."""
    found: dict[str, list[str]] = {}
    for dataset in datasets:
        found.setdefault(parent(dataset), []).append(dataset)
    return found
