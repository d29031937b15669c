"""What a person sees: a real sweep, a real MLflow UI, a real browser. Screenshots are left for looking at."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import TINY
from processes import Process

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 90_000  # milliseconds; the UI's server takes its time on a busy machine


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser's path. Continuous integration must have one; elsewhere the tests are skipped without."""
    if CHROMIUM is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("no Chromium here: apt-get install chromium")
    return CHROMIUM


@pytest.fixture
def address(chromium, tmp_path: Path, store, command) -> Iterator[str]:
    """The address `runner ui` tells, on a store with one sweep of two losses and two splits."""
    sweep = ("loss=builtin,focal", "split.seed=0,1", "model=logistic", "tracking.models=none", "figures=none")
    assert command("-m", *TINY, *sweep, "paths.outputs=outputs").status == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Process([sys.executable, "-m", "runner", "ui", "--port", str(port)], cwd=tmp_path) as process:
        process.wait_for("Uvicorn running on")
        yield process.wait_for(r"open (http\S+)")[1]


@pytest.mark.slow
def test_the_sweep_its_children_their_curves_and_the_report_are_seen(address, chromium, store):
    from playwright.sync_api import expect, sync_playwright

    screens = Path(__file__).resolve().parent.parent / "outputs" / "screens"
    screens.mkdir(parents=True, exist_ok=True)
    runs = store.search_runs(["1"])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    child = next(run for run in runs if run.info.run_name.startswith("focal"))
    pages = address.partition("/runs")[0] + "/runs"

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1800, "height": 900})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)

        page.goto(f"{pages}?viewStateShareKey=imbalance-runner&workflowType=machine_learning")
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
