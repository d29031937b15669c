"""From a source of data to the three parts a network is trained, tuned and tested on."""

from runner.data.checks import check
from runner.data.dataset import Dataset
from runner.data.linked_rows import duplicate_rows
from runner.data.preprocessing import make_preprocessing
from runner.data.splits import Part, Splits
from runner.data.splitting import make_splits

__all__ = ["Dataset", "Part", "Splits", "check", "duplicate_rows", "make_preprocessing", "make_splits"]
