"""Which process a run belongs to, and what the run comes to."""

from __future__ import annotations

import subprocess
import sys

from runner.runs.outcome import Outcome
from runner.runs.process import is_alive, is_dead_here, this_process


def test_a_sweeper_gets_a_number_or_one_for_each_objective():
    assert Outcome("a run", (0.5,), "").objective == 0.5
    assert Outcome("a run", (0.5, 0.2), "").objective == (0.5, 0.2)


def test_a_process_lives_until_it_ends():
    code = "from runner.runs.process import this_process; print(this_process(), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        identity = process.stdout.readline().strip()
        alive = is_alive(identity)
        process.kill()
        process.wait()

    assert alive
    assert not is_alive(identity)
    assert is_alive(this_process())
    assert not is_alive("")
    assert not is_alive("elsewhere:" + this_process().partition(":")[2])  # nobody can ask another machine
    host, pid, start = this_process().rsplit(":", 2)
    assert not is_alive(f"{host}:{pid}:{float(start) - 100}")  # the number was given again


def test_a_process_is_dead_here_if_it_ran_here_and_is_gone():
    host, pid, start = this_process().rsplit(":", 2)
    assert is_dead_here(f"{host}:{pid}:{float(start) - 100}")
    assert not is_dead_here(this_process())
    assert not is_dead_here(f"elsewhere:{pid}:{float(start) - 100}")
    assert not is_dead_here("")
