"""What is printed never ends a run; a full disk ends a command with a line."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys

from runner.cli.streams import PatientStream, patient_streams


def test_a_reader_that_has_had_enough_changes_nothing():
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        patient = PatientStream(stream)
        patient.write("read\n")
        patient.flush()
        assert os.read(reading, 100) == b"read\n"
        os.close(reading)
        for _ in range(3):
            assert patient.write("x" * 100_000) == 100_000
            patient.flush()
        assert not patient.isatty()


def test_what_an_encoding_lacks_is_shown_as_a_question_mark(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    before = sys.stdout
    with patient_streams():
        print("focal · page_blocks")
    assert written.getvalue() == b"focal ? page_blocks\n"
    assert sys.stdout is before


def test_a_full_disk_is_told_in_a_line(tmp_path):
    """A limit on the size of files stands for a disk without room: the same error, but for its number."""

    def with_little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [sys.executable, "-m", "runner", "losses", "focal"],
        cwd=tmp_path,
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=with_little_room,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
    assert "make room there" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
