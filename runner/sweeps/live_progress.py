"""A sweep's progress on its parent run, written by the processes that run its jobs, while they do."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass

from runner.sweeps.journal import Journal, SweepPlan
from runner.sweeps.progress import progress_tags
from runner.tracking.recorder import StoreAway
from runner.tracking.tracker import Tracker
from runner.writing.wording import first_line

log = logging.getLogger("runner.tracking")

SECONDS_WITHOUT_ANSWER = 10.0
"""Until a server is told of the progress again that did not answer."""


@dataclass
class LiveProgress:
    """Knows when it is due: writing it for each of many short runs would take longer than some of them.

    Attributes:
        journal, plan: the sweep's.
        due: when it is to be written next, by the monotonic clock.
    """

    journal: Journal
    plan: SweepPlan
    due: float = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is to be written now; never again where the store refused it."""
        return time.monotonic() >= self.due

    def write(self, tracker: Tracker, seconds: float) -> None:
        """Writes the progress.

        Args:
            tracker: where the sweep is recorded.
            seconds: until it is due again.
        """
        try:
            tracker.set_tags(self.plan.parent_id, progress_tags(self.plan, self.journal.latest()))
        except StoreAway:  # which its runs tell of
            self.due = time.monotonic() + max(seconds, SECONDS_WITHOUT_ANSWER)
        except Exception as problem:  # every kind of store fails in its own words; the run itself went well
            log.warning("the sweep's progress is not recorded: %s", first_line(problem))
            self.due = math.inf
        else:
            self.due = time.monotonic() + seconds
