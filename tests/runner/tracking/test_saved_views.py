"""The views that MLflow's UI lists, on a real store."""

from __future__ import annotations

import base64
import json
import shutil
import zlib

import mlflow
import pytest

from runner.tracking import saved_views
from runner.tracking.charts import Varied, dashboard, recorded_metrics

PREFIX = "mlflow.sharedViewState."


@pytest.fixture
def client(empty_store, tmp_path) -> mlflow.MlflowClient:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")


@pytest.fixture
def experiment(client) -> str:
    return client.create_experiment("views", tags=saved_views.creation_tags())


def views_of(client, experiment) -> dict[str, dict]:
    tags = client.get_experiment(experiment).tags
    return {key.removeprefix(PREFIX): json.loads(value) for key, value in tags.items() if key.startswith(PREFIX)}


def state_of(view: dict) -> dict:
    return json.loads(zlib.decompress(base64.b64decode(view["state"].removeprefix("deflate;"))))


def test_a_dashboard_follows_the_dataset_and_leaves_peoples_views_alone(client, experiment):
    assert {view["name"] for view in views_of(client, experiment).values()} == {"Runs", "Losses"}
    theirs = json.dumps({"name": "mine", "createdAt": 1, "updatedAt": 1, "state": "{}"})
    for view in ("their-own", saved_views.RUNS):  # a new one, and one saved over ours
        client.set_experiment_tag(experiment, PREFIX + view, theirs)

    saved_views.keep_current(client, experiment, "toy")

    now = views_of(client, experiment)
    assert now["their-own"] == now[saved_views.RUNS] == json.loads(theirs)
    state = state_of(now[saved_views.LOSSES])
    assert "tags.`dataset.name` = 'toy'" in state["searchFilter"]
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "loss"}]
    assert state["groupsExpanded"]["tag.loss.focal"] is False


def test_the_oldest_sweeps_give_way_and_a_refused_sweep_leaves_no_view(client, experiment):
    for number in range(saved_views.MOST_SWEEPS + 2):
        saved_views.save(client, experiment, [saved_views.sweep_view(str(number), "loss", Varied(("loss",)))])

    assert len(views_of(client, experiment)) == saved_views.MOST_SWEEPS + 2
    assert saved_views.sweep_view_id("0") not in views_of(client, experiment)
    saved_views.remove(client, experiment, saved_views.sweep_view_id("5"))
    assert saved_views.sweep_view_id("5") not in views_of(client, experiment)


def test_grouped_views_begin_with_runs_of_all_losses_and_without_the_parents_of_sweeps(client, experiment):
    saved_views.save(client, experiment, [saved_views.sweep_view("1", "loss", Varied(("loss",)))])
    views = views_of(client, experiment)
    for view in (saved_views.LOSSES, saved_views.sweep_view_id("1")):
        assert state_of(views[view])["orderByKey"] == "params.`split.seed`"  # of start_time, MLflow adds parents
    assert state_of(views[saved_views.RUNS])["orderByKey"] == "attributes.start_time"


@pytest.mark.parametrize(("runs", "search", "means"), [(12, False, False), (200, False, True), (200, True, False)])
def test_a_sweep_of_many_runs_is_shown_by_the_means_of_its_losses(runs, search, means):
    view = saved_views.sweep_view("1", "loss", Varied(("loss",), is_search=search, runs=runs))
    assert view.state["useGroupedValuesInCharts"] is means


def test_each_metric_is_charted_or_hidden_and_no_section_is_empty():
    for varied in (Varied(), Varied(("loss.gamma", "seed"), is_search=True)):
        made = dashboard(varied, ["mean/test/f1/focal"])
        shown = [chart for chart in made["compareRunCharts"] if not chart.get("deleted")]
        keys = {chart.get("metricKey") for chart in made["compareRunCharts"]}
        assert keys >= {*recorded_metrics(), "mean/test/f1/focal"}
        sections = [section["uuid"] for section in made["compareRunSections"]]
        assert sections[0] == "learning-curves"
        assert [chart["selectedMetrics"][-1] for chart in shown if chart["type"] == "PARALLEL"] == (
            ["val/average_precision"] if varied.keys else []
        )
        assert set(sections) == {chart["metricSectionId"] for chart in shown}
