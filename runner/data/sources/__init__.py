"""Where data comes from. Each loader returns a checked Dataset; a config names one with ``_target_``."""

from runner.data.sources.breast_cancer import load_breast_cancer
from runner.data.sources.digits import load_digits
from runner.data.sources.file import load_file
from runner.data.sources.imblearn import load_imblearn
from runner.data.sources.keel import keel_names, load_keel, load_page_blocks
from runner.data.sources.openml import load_openml
from runner.data.sources.synthetic import load_synthetic

__all__ = [
    "keel_names",
    "load_breast_cancer",
    "load_digits",
    "load_file",
    "load_imblearn",
    "load_keel",
    "load_openml",
    "load_page_blocks",
    "load_synthetic",
]
