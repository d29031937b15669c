"""What a person sees: a real sweep, a real MLflow UI, a real browser. Screenshots are left for looking at."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from commands import TINY
from mlflow.entities import Run
from playwright.sync_api import Page, expect, sync_playwright
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


SWEEP = ("loss=builtin,focal", "split.seed=0,1", "model=logistic", "tracking.models=none", "figures=none")
SEARCH = ("loss=focal", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=3", "loss.gamma=interval(0,2)")
SECTIONS = ["Learning curves", "Ranking", "Decisions at the tuned threshold", "Probabilities"]
DRAWN = """plots => plots.map(plot => [
    (plot.closest('[data-testid="experiment-view-compare-runs-card"]') || plot).innerText.split("\\n")[0],
    plot.data.filter(trace => !(trace.line && trace.line.color === "transparent")).map(trace => [
        trace.type, trace.name || "", (trace.x || trace.y || trace.dimensions || []).length,
        String((trace.marker && trace.marker.color) || "").slice(0, 7)])])"""
"""Of each chart its title, and of each trace that is seen: kind, name, number of values, colour."""


@dataclass(frozen=True)
class Looking:
    """A browser on `runner ui`.

    Attributes:
        page: of the browser.
        runs: the address of the list of runs.
        screens: where screenshots go.
        parent, search: the parents of a sweep of two losses and two splits, and of a search.
        children: of the sweep.
    """

    page: Page
    runs: str
    screens: Path
    parent: Run
    search: Run
    children: list[Run]

    def open(self, address: str, name: str) -> None:
        """Opens an address below the list of runs, and waits for its first chart."""
        self.page.goto("about:blank")  # else MLflow keeps what it had shown
        self.page.goto(self.runs + address)
        expect(self.page.locator(".js-plotly-plot .trace, .js-plotly-plot .bars").first).to_be_attached()
        self.page.screenshot(path=self.screens / f"{name}.png")

    def view(self, id: str, name: str) -> None:
        """Opens a saved view on its charts."""
        query = f"?viewStateShareKey={id}&compareRunsMode=CHART&workflowType=machine_learning"
        self.open(query, name)

    def charts(self) -> dict[str, list[list[Any]]]:
        """The traces of each chart, by its title; charts are drawn once they are scrolled to."""
        seen: dict[str, list[list[Any]]] = {}
        self.page.mouse.move(1200, 600)
        for _ in range(8):
            self.page.wait_for_timeout(1500)
            for title, traces in self.page.locator(".js-plotly-plot").evaluate_all(DRAWN):
                seen[title] = traces or seen.get(title, [])
            self.page.mouse.wheel(0, 400)
        return seen


@pytest.fixture(scope="module")
def looking(chromium, module_command, module_folder: Path, empty_store: Path) -> Iterator[Looking]:
    """A browser on the UI of a store with one sweep and one search, made once."""
    (module_folder / "outputs").mkdir()
    shutil.copy(empty_store, module_folder / "outputs")
    for jobs in (SWEEP, (*SEARCH, *SWEEP[2:])):
        done = module_command("-m", *TINY, *jobs, "paths.outputs=outputs")
        assert done.status == 0, done.err
    store = mlflow.MlflowClient(f"sqlite:///{module_folder / 'outputs' / 'mlflow.db'}")
    runs = store.search_runs(["1"])
    sweep, search = (
        next(run for run in runs if run.info.run_name.startswith(name)) for name in ("loss ×", "loss.gamma")
    )
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == sweep.info.run_id]
    screens = Path(__file__).resolve().parent.parent / "outputs" / "screens"
    screens.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Process([sys.executable, "-m", "runner", "ui", "--port", str(port)], cwd=module_folder) as process:
        process.wait_for("Uvicorn running on")
        address = process.wait_for(r"open (http\S+)")[1].partition("/runs")[0] + "/runs"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1800, "height": 900})
            page.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            # otherwise the assistant opens over a third of the page
            page.add_init_script("localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')")
            yield Looking(page, address, screens, sweep, search, children)
            browser.close()


@pytest.mark.slow
def test_the_views_menu_lists_the_dashboards(looking):
    looking.view("imbalance-runner-losses", "losses")
    looking.page.get_by_test_id("saved-views-trigger").click()
    for view in ("Losses", "Runs", "Sweep loss × split.seed", "Search loss.gamma"):
        expect(looking.page.get_by_text(view).last).to_be_visible()
    looking.page.screenshot(path=looking.screens / "views.png")


@pytest.mark.slow
def test_the_losses_are_a_line_each_and_no_chart_is_empty(looking):
    looking.view("imbalance-runner-losses", "losses")
    page = looking.page
    shown = page.get_by_role("main").inner_text()
    assert [shown.index(section) for section in SECTIONS] == sorted(shown.index(section) for section in SECTIONS)
    assert "seconds" not in shown[: shown.index(SECTIONS[-1])]
    assert "Unassigned" not in shown  # the parents
    for loss in ("builtin", "focal"):
        assert f"Group: {loss}" in shown
        assert f"{loss} (val/log_loss)" in shown  # in the legend
    charts = looking.charts()
    assert len(charts) > 12
    assert all(charts.values()), charts  # no chart is empty
    assert [kind for kind, _, epochs, _ in charts["val/log_loss"] if epochs == 2] == ["scatter"] * 4  # means, ranges


@pytest.mark.slow
def test_a_sweep_shows_each_run_in_its_losss_colour(looking):
    looking.view(f"imbalance-runner-sweep-{looking.parent.info.run_id}", "sweep")
    lines = looking.charts()["val/log_loss"]
    expected = {run.info.run_name: run.data.tags["mlflow.runColor"] for run in looking.children}
    assert {name: colour for _, name, _, colour in lines if name} == expected


@pytest.mark.slow
def test_a_search_shows_its_history_and_parallel_coordinates(looking):
    looking.view(f"imbalance-runner-sweep-{looking.search.info.run_id}", "search")
    page = looking.page
    charts = looking.charts()
    assert charts["trial vs. val/average_precision"]
    assert all(charts.values()), charts
    expect(page.get_by_text("Parallel Coordinates")).to_be_attached()
    page.screenshot(path=looking.screens / "search_below.png")


@pytest.mark.slow
def test_the_list_unfolds_and_the_parents_page_has_verdict_leaderboard_and_figures(looking):
    page, parent, child = looking.page, looking.parent, looking.children[0]
    page.goto(f"{looking.runs}?viewStateShareKey=imbalance-runner&workflowType=machine_learning")
    expect(page.get_by_text("loss × split.seed (4 runs)")).to_be_visible()
    expect(page.get_by_text("test/average_precision").first).to_be_visible()
    assert page.get_by_text(child.info.run_name).count() == 0  # nested, until the parent is unfolded
    unfold = page.locator("[role=gridcell]", has_text="loss × split.seed (4 runs)").locator("button")
    unfold.dispatch_event("click")  # the list moves while it is filled, away from where a pointer would click
    expect(page.get_by_text(child.info.run_name)).to_be_visible()
    shown = page.locator("[role=treegrid], [role=grid]").first.inner_text()
    assert str(child.data.metrics["test/average_precision"])[:6] in shown
    page.screenshot(path=looking.screens / "runs.png")

    page.goto(f"{looking.runs}/{parent.info.run_id}")
    expect(page.get_by_role("heading", name=parent.data.tags["verdict"])).to_be_visible()
    expect(page.get_by_role("cell", name="focal gamma=2 · logistic").first).to_be_visible()
    image = page.locator("img[src*='differences.png']")
    image.scroll_into_view_if_needed()
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    page.screenshot(path=looking.screens / "parent.png")

    link = page.get_by_role("link", name="The whole report").get_attribute("href")
    page.goto(f"{looking.runs.partition('#')[0]}{link}")
    report = page.frame_locator("iframe").first
    expect(report.get_by_text(parent.data.tags["verdict"])).to_be_visible()
    page.screenshot(path=looking.screens / "report.png")


@pytest.mark.slow
def test_a_run_has_lines_of_its_curves_and_bars_of_its_test_metrics(looking):
    page = looking.page
    looking.open(f"/{looking.children[0].info.run_id}/model-metrics", "run")
    assert "seconds" not in page.get_by_role("main").inner_text()[:100]
    for pattern, kind in (("^(train|val)/loss$", "scatter"), ("^test/(f1|mcc)$", "bar")):
        page.get_by_placeholder("Search metric charts").fill(pattern)
        expect(page.locator(".js-plotly-plot")).to_have_count(2)
        page.wait_for_timeout(3000)  # until those of the last pattern have gone
        drawn = page.locator(".js-plotly-plot").evaluate_all(DRAWN)
        assert [{each[0] for each in traces} for _, traces in drawn] == [{kind}] * 2
        page.screenshot(path=looking.screens / f"run_{kind}.png")
