"""How many threads scikit-learn's boosted trees take."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def half_of_the_cores() -> AbstractContextManager[object]:
    """A context in which OpenMP takes half of the cores.

    Its threads wait for each other many times a tree. Where others work on the machine too, one of as many threads as
    there are cores is always late: on two busy cores 3500 rows take 12 seconds with two threads, and 1.2 with one.
    """
    return threadpool_limits(max(1, (os.cpu_count() or 1) // 2), user_api="openmp")
