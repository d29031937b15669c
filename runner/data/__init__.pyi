from .checks import check as check
from .dataset import Dataset as Dataset
from .linked_rows import duplicate_rows as duplicate_rows
from .linked_rows import row_keys as row_keys
from .preprocessing import make_preprocessing as make_preprocessing
from .splits import Part as Part
from .splits import Splits as Splits
from .splitting import make_splits as make_splits
