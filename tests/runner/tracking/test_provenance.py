"""Where a run comes from."""

from __future__ import annotations

import subprocess

from runner.tracking import provenance_tags


def test_the_commit_and_whether_it_is_all_are_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "mlflow.source.git.commit" not in provenance_tags()

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        return subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-qm", "first")
    clean = provenance_tags()
    (tmp_path / "file").write_text("2")

    assert clean["mlflow.source.git.commit"] == git("rev-parse", "HEAD")
    assert (clean["git.dirty"], provenance_tags()["git.dirty"]) == ("false", "true")
