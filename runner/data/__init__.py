"""From a source of data to the three parts a network is trained, tuned and tested on."""

from runner.data.checks import check
from runner.data.dataset import Dataset
from runner.data.preprocessing import make_preprocessing
from runner.data.split import make_splits
from runner.data.splits import Part, Splits
from runner.data.units import duplicate_rows

__all__ = ["Dataset", "Part", "Splits", "check", "duplicate_rows", "make_preprocessing", "make_splits"]
