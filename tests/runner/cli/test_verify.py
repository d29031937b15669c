"""`runner verify` from the command line."""

import re
from dataclasses import replace

import losses
from runner import verification
from runner.verification import PUBLISHED, formulas


def test_all_lines_agree_and_are_shown(command, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "80")
    done = command("verify", "--outputs", "here")

    assert done.status == 0, done.out + done.err
    for name in formulas.LOSSES:
        assert re.search(rf"^{name} .* ok *$", done.out, re.MULTILINE), name
    assert {int(number) for number in re.findall(r"^ ?(\d+)  .* ok *$", done.out, re.MULTILINE)} == set(range(1, 19))
    assert "MISMATCH" not in done.out
    assert "All losses agree" in done.out
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 80
    drawn = re.findall(r"^\d+ +(here/.*png)$", done.out, re.MULTILINE)
    assert len(drawn) == 2
    assert all((tmp_path / figure).stat().st_size > 10_000 for figure in drawn)


def test_a_wrong_loss_is_named_and_fails_the_command(command, monkeypatch):
    right = losses.FocalLoss.compute
    monkeypatch.setattr(losses.FocalLoss, "compute", lambda *arguments: right(*arguments) * (1 + 1e-6))
    monkeypatch.setattr(formulas, "LOSSES", ("custom", "focal gamma=0.5"))
    monkeypatch.setattr(verification, "check_examples", lambda folder: [])
    done = command("verify")

    assert done.status == 1
    assert re.search(r"^focal gamma=0.5 .* MISMATCH", done.out, re.MULTILINE)
    assert re.search(r"^custom .* ok", done.out, re.MULTILINE)
    assert done.err == "error: MISMATCH in focal gamma=0.5: see the lines above\n"


def test_a_wrong_example_is_named_and_fails_the_command(command, monkeypatch):
    wrong = [replace(example, printed=5.2).check() for example in PUBLISHED if example.number == 2]
    monkeypatch.setattr(formulas, "LOSSES", ("custom",))
    monkeypatch.setattr(verification, "check_examples", lambda folder: wrong)
    done = command("verify")

    assert done.status == 1
    assert done.out.count("MISMATCH") == 3
    assert done.err == "error: MISMATCH in example 2: see the lines above\n"


def test_a_folder_that_cannot_be_written_is_refused(command, tmp_path):
    (tmp_path / "taken").write_text("a file")
    done = command("verify", "--outputs", "taken")

    assert done.status == 2
    assert re.fullmatch(r"error: taken/verify cannot be written \(.*\): choose another with --outputs\n", done.err)
