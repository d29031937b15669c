"""What a person sees: a real sweep, a real MLflow UI, a real browser. Screenshots are left for looking at."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from commands import TINY

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 90_000  # milliseconds; the UI's server takes its time on a busy machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]


@pytest.fixture
def address(tmp_path: Path, command) -> Iterator[str]:
    """The address `runner ui` tells, on a store with one sweep of two losses and two splits."""
    sweep = ("loss=builtin,focal", "split.seed=0,1", "model=logistic", "tracking.models=none")
    assert command("-m", *TINY, *sweep, "paths.outputs=outputs").status == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = tmp_path / "ui.txt"
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "runner", "ui", "--port", str(port)], cwd=tmp_path, stdout=file, stderr=file
        )
    try:
        deadline = time.monotonic() + 90
        while "startup complete" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.5)
        yield re.findall(r"open (http\S+)", said.read_text())[0]
    finally:
        process.terminate()
        process.wait(30)


def test_the_sweep_its_children_their_curves_and_the_report_are_seen(address, tmp_path):
    from playwright.sync_api import expect, sync_playwright

    screens = Path(__file__).resolve().parent.parent / "outputs" / "screens"
    screens.mkdir(parents=True, exist_ok=True)
    store = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'outputs' / 'mlflow.db'}")
    runs = store.search_runs(["1"])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    child = next(run for run in runs if run.info.run_name.startswith("focal"))
    pages = address.partition("/runs")[0] + "/runs"

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1800, "height": 900})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)

        page.goto(address)
        expect(page.get_by_text("loss × split.seed (4 runs)")).to_be_visible()
        expect(page.get_by_text("test/average_precision").first).to_be_visible()
        assert page.get_by_text(child.info.run_name).count() == 0  # nested, until the parent is unfolded
        page.locator("[role=gridcell]", has_text="loss × split.seed (4 runs)").locator("button").click()
        expect(page.get_by_text(child.info.run_name)).to_be_visible()
        shown = page.locator("[role=treegrid], [role=grid]").first.inner_text()
        assert str(child.data.metrics["test/average_precision"])[:6] in shown
        page.screenshot(path=screens / "runs.png")

        page.goto(f"{pages}/{child.info.run_id}/model-metrics")
        page.get_by_placeholder("Search metric charts").fill("^(train|val)/loss$")
        expect(page.locator(".js-plotly-plot")).to_have_count(2)
        expect(page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()
        page.screenshot(path=screens / "curves.png")

        page.goto(f"{pages}/{parent.info.run_id}/artifacts/comparison/report.html")
        report = page.frame_locator("iframe").first
        expect(report.get_by_text(parent.data.tags["verdict"])).to_be_visible()
        page.screenshot(path=screens / "report.png")
        browser.close()
