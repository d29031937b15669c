"""Jobs are shared among processes: each once, none idle, and always the same way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.launching.sharing import packed
from runner.launching.slurm.array import last_line
from runner.launching.slurm.plan import hide_passwords, planned_jobs, write_plan

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def parts_of(sizes: list[int]) -> list[list[tuple[int, list[str]]]]:
    """Parts of so many jobs, which are numbered through."""
    firsts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [
        [(first + job, [f"seed={first + job}"]) for job in range(size)]
        for first, size in zip(firsts, sizes, strict=True)
    ]


@given(SIZES, st.integers(1, 12))
def test_every_job_is_packed_once_into_shares_of_about_one_size(sizes, most):
    parts = parts_of(sizes)
    shares = packed(parts, most)
    assert shares == packed(parts, most)
    assert sorted(job for share in shares for job in share) == [job for part in parts for job in part]
    assert len(shares) == min(most, len(sizes))
    # No share is larger than the mean and the largest part: the bound of list scheduling (Graham 1966).
    assert max(map(len, shares)) <= sum(sizes) / len(shares) + max(sizes)
    assert min(map(len, shares)) > 0


@given(SIZES, st.integers(1, 12))
def test_a_part_stays_together(sizes, most):
    parts = parts_of(sizes)
    where = {job: place for place, share in enumerate(packed(parts, most)) for job, _ in share}
    assert all(len({where[job] for job, _ in part}) == 1 for part in parts)


def test_the_plan_gives_each_task_its_jobs(tmp_path):
    tasks = [[(3, ["loss=focal", "dataset.path='a b.csv'"]), (10, ["loss=builtin"])], [(4, ["+note=é"])]]
    write_plan(tmp_path / "slurm", tasks)
    assert [planned_jobs(tmp_path / "slurm", task) for task in (0, 1)] == tasks


def test_the_plan_keeps_no_password(tmp_path):
    address = "tracking.uri=http://me:secret@host:5000"
    write_plan(tmp_path, [[(0, [address, "seed=0"])]])
    assert planned_jobs(tmp_path, 0) == [(0, [address, "seed=0"])]
    hide_passwords(tmp_path)
    assert "secret" not in (tmp_path / "plan.json").read_text()
    assert planned_jobs(tmp_path, 0)[0][1][1] == "seed=0"


def test_the_last_line_of_a_log_is_the_task_s_own(tmp_path):
    log = tmp_path / "1_0_0_log.out"
    assert last_line(log) == "it has no log"
    log.write_text("submitit INFO (2026) - Starting\n\n")
    assert last_line(log) == "its log is empty"
    log.write_text("Traceback\nOSError: postgresql://me:secret@host/db\n\nsrun: error: node: task 0: Exited\n")
    assert last_line(log).startswith("OSError: postgresql://me:")
    assert "secret" not in last_line(log)
    log.write_text("training 2 runs together\nsrun: error: node: task 0: Killed\nsrun: Force Terminated StepId=4.0\n")
    assert last_line(log) == "srun: error: node: task 0: Killed"
