"""Which jobs go together to another process, so that every process has something to do and stacks stay large."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from runner.launching.jobs import Jobs
from runner.launching.launcher import JobLauncher


def shares(launcher: JobLauncher, jobs: Jobs, at_once: int) -> list[Jobs]:
    """Groups, each cut into so many parts that every process has something to do.

    Args:
        launcher: composes the jobs, to know what may share a stack.
        jobs: each job's number and overrides.
        at_once: processes.
    """
    overrides = dict(jobs)
    groups = launcher.groups([launcher.compose(*each) for each in jobs])
    parts = -(-at_once // len(groups))
    found: list[Jobs] = []
    for members in groups.values():
        for part in range(min(parts, len(members))):
            found.append([(job.number, overrides[job.number]) for job in members[part::parts]])
    return found


def packed(parts: Sequence[Jobs], most: int) -> list[Jobs]:
    """The parts of `shares`, put together into at most so many shares of about as many jobs each.

    Parts of one group that meet share stacks. The result depends on nothing but the arguments, so that a resumed sweep
    has the same.

    Args:
        parts: of `shares`.
        most: shares at most.
    """
    found: list[list[tuple[int, Sequence[str]]]] = [[] for _ in range(min(most, len(parts)))]
    for part in sorted(parts, key=len, reverse=True):  # the largest first (Graham 1969)
        min(found, key=len).extend(part)
    return [sorted(share, key=itemgetter(0)) for share in found]
