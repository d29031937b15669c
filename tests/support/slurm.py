"""A real Slurm of the tests' own, in a temporary folder: one controller, and one node with two slots."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow_server import free_port

SECONDS = 60
PACKAGES = "slurmctld slurmd slurm-client munge"

# A requeued job is held until its old credential has expired, by default two minutes.
CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=5
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port} CPUs=2 State=UNKNOWN
PartitionName=short Nodes=node Default=YES MaxTime=60 State=UP
"""


@dataclass(frozen=True)
class Slurm:
    """A cluster that runs.

    Attributes:
        folder: of its configuration, state and logs.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What tells Slurm's commands of it."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands prints; an error of its own is raised with it."""
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def states(self) -> dict[str, str]:
        """The state of every array task that the controller remembers, such as `12_0`: `RUNNING`."""
        lines = self.ask("squeue", "--noheader", "--array", "--states=all", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)


def binary(name: str) -> str | None:
    """A program of Slurm's or munge's, also where the path of an ordinary user does not lead."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running(folder: Path) -> Iterator[Slurm]:
    """A cluster whose files are in `folder`, which is made; its daemons run as the user of the tests."""
    found = {name: binary(name) for name in ("munged", "slurmctld", "slurmd", "sbatch")}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        sentence = f"{', '.join(missing)}: not installed: apt-get install {PACKAGES}"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    (folder / "spool").mkdir(parents=True)
    (folder / "state").mkdir()
    key, configuration = folder / "munge.key", folder / "slurm.conf"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    values = {"host": socket.gethostname().partition(".")[0], "user": getpass.getuser(), "folder": folder}
    configuration.write_text(
        CONFIGURATION.format(**values, controller_port=free_port(), node_port=free_port()), encoding="utf-8"
    )
    slurm = Slurm(folder)
    munge = [
        f"--{name}={folder}/munge.{name.partition('-')[0]}" for name in ("socket", "pid-file", "log-file", "seed-file")
    ]
    with ExitStack() as stack:
        _start(stack, folder, [str(found["munged"]), "--foreground", "--force", f"--key-file={key}", *munge])
        wait_until((folder / "munge.socket").exists, "munged does not answer")
        _start(stack, folder, [str(found["slurmctld"]), "-D", "-f", str(configuration)])
        _start(stack, folder, [str(found["slurmd"]), "-D", "-f", str(configuration), "-N", "node"])
        wait_until(lambda: _node_is_idle(slurm), "Slurm's node does not come up")
        try:
            yield slurm
        finally:
            slurm.ask("scancel", "--user", getpass.getuser())
            wait_until(lambda: _node_is_idle(slurm), "Slurm does not end the tasks")


def _node_is_idle(slurm: Slurm) -> bool:
    try:
        return slurm.ask("sinfo", "--noheader", "--format=%T").strip() == "idle"
    except AssertionError:  # the controller is not there yet
        return False


def _start(stack: ExitStack, folder: Path, command: Sequence[str]) -> None:
    """Starts a daemon, which ends with the context; those that were started last end first."""
    with (folder / f"{Path(command[0]).name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def end() -> None:
        process.terminate()
        try:
            process.wait(SECONDS / 4)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)


def wait_until(condition: Callable[[], object], otherwise: str) -> None:
    """Waits for what Slurm does in its own time.

    Raises:
        TimeoutError: it does not; with the words of `otherwise`.
    """
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.1)
