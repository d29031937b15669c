"""The views of an experiment that MLflow's UI lists in its menu: dashboards, and the list of runs.

MLflow keeps a view as a tag of the experiment. Views are made anew when what they show has changed, and those that
people made, or saved over one of ours, are left alone: MLflow writes a view without the mark that ours have.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mlflow

from runner.config.options import option_files
from runner.tracking import names
from runner.tracking.charts import Varied, dashboard

RUNS = "imbalance-runner"
LOSSES = "imbalance-runner-losses"
SWEEP_PREFIX = "imbalance-runner-sweep-"

NETWORKS = f"params.`{names.REFERENCE}` IS NULL"  # references have no loss to stand under

MARK = "madeBy"
US = "imbalance-runner"
MOST_VIEWS = 40  # of an experiment: with so many, people cannot save another one
MOST_SWEEPS = 20  # so that there is room for theirs
MOST_LINES = 50  # of a sweep's runs in one chart: more take a browser half a minute, and cannot be told apart
MOST_HIDDEN = 1000  # metrics of sweeps, whose names take room in a view

COLUMNS = (
    "attributes.`Created`",
    "attributes.`Duration`",
    "metrics.`test/average_precision`",
    "metrics.`test/roc_auc`",
    "metrics.`test/mcc`",
    "metrics.`test/log_loss`",
    "metrics.`best/test/average_precision`",
    "params.`loss`",
    "params.`split.seed`",
    "params.`seed`",
    f"tags.`{names.DATASET_NAME}`",
    f"tags.`{names.SWEEP_PROGRESS}`",
    f"tags.`{names.VERDICT}`",
)
NAME_WIDTH = 340  # pixels of the column of names, which are cut to a third of theirs otherwise


@dataclass(frozen=True)
class View:
    """A saved view.

    Attributes:
        id: what its address names.
        name: in the menu.
        state: what MLflow's UI is to show.
    """

    id: str
    name: str
    state: Mapping[str, Any]

    @property
    def tag(self) -> str:
        """The key of its tag."""
        return names.SAVED_VIEW + self.id

    def written(self, before: str | None) -> str:
        """The value of its tag.

        Args:
            before: the value it has, if any, whose name and time of creation are kept.
        """
        now = int(time.time() * 1000)
        old = _envelope(before)
        envelope = {
            "name": old.get("name", self.name) if self.id.startswith(SWEEP_PREFIX) else self.name,
            "createdAt": old.get("createdAt", now),
            "updatedAt": now,
            "state": _deflated(self.state),
            MARK: self.mark,
        }
        return json.dumps(envelope)

    @property
    def mark(self) -> str:
        """Tells our views from those of people, and whether one is as it would be written."""
        content = json.dumps([self.name, self.state], sort_keys=True)
        return f"{US} {hashlib.sha256(content.encode()).hexdigest()[:16]}"


def runs_view(hidden: Sequence[str] = ()) -> View:
    """The list of runs, sweeps folded; its charts are those of `losses_view`.

    Args:
        hidden: metrics of sweeps, which get no charts.
    """
    return View(RUNS, "Runs", {**_list_of_runs(), **dashboard(Varied(), hidden)})


def losses_view(dataset: str = "", hidden: Sequence[str] = ()) -> View:
    """The dashboard of all losses on a dataset: a line for each, the mean of its runs with their range.

    Trials of searches are left out: their mean says nothing of a loss.

    Args:
        dataset: its name; empty for all.
        hidden: metrics of sweeps, which get no charts.
    """
    only = [f"params.`{names.TRIAL}` IS NULL", NETWORKS]
    if dataset and "'" not in dataset:
        only.append(f"tags.`{names.DATASET_NAME}` = '{dataset}'")
    state = {**_list_of_runs(), "searchFilter": " AND ".join(only), **_grouped(means=True)}
    return View(LOSSES, "Losses", {**state, **dashboard(Varied(), hidden, means=True)})


def sweep_view(parent_id: str, name: str, varied: Varied) -> View:
    """The dashboard of one sweep or search: each of its runs in the colour of its loss, or of many the means.

    Args:
        parent_id: of the sweep.
        name: of the sweep.
        varied: what its runs differ in.
    """
    only = f"tags.`{names.PARENT}` = '{parent_id}' AND {NETWORKS}"
    means = varied.runs > MOST_LINES and not varied.is_search
    state = {**_list_of_runs(), "searchFilter": only, **_grouped(means=means), **dashboard(varied, means=means)}
    when = time.strftime("%Y-%m-%d %H:%M")
    return View(sweep_view_id(parent_id), f"{'Search' if varied.is_search else 'Sweep'} {name}, {when}", state)


def sweep_view_id(parent_id: str) -> str:
    """The id of a sweep's view."""
    return SWEEP_PREFIX + parent_id


def page(address: str, experiment_id: str, view_id: str, *, charts: bool) -> str:
    """The address of a view.

    Args:
        address: of the MLflow server, without a slash at its end.
        experiment_id: whose view.
        view_id: its id; empty for MLflow's own.
        charts: whether it opens on its charts, and not on the list of runs.
    """
    query = [f"viewStateShareKey={view_id}"] if view_id else []
    query += ["compareRunsMode=CHART"] if charts and view_id else []
    return f"{address}/#/experiments/{experiment_id}/runs?{'&'.join([*query, 'workflowType=machine_learning'])}"


def creation_tags() -> dict[str, str]:
    """The tags of a new experiment."""
    views = (runs_view(), losses_view())
    return {names.KIND: names.MODEL_TRAINING, **{view.tag: view.written(None) for view in views}}


def missing_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """What an experiment of an earlier version lacks.

    Args:
        tags: those it has.
    """
    lacking = {key: value for key, value in creation_tags().items() if not _is_kept(tags.get(key))}
    if tags.get(names.KIND):  # perhaps somebody's choice
        del lacking[names.KIND]
    return lacking


def keep_current(client: mlflow.MlflowClient, experiment_id: str, dataset: str) -> None:
    """Writes the list of runs, and the dashboard of all losses on the dataset that was recorded last.

    Args:
        client: of the store.
        experiment_id: whose views.
        dataset: its name.
    """
    sweeps = client.search_runs(
        [experiment_id], f"tags.`{names.SWEEP_KEY}` IS NOT NULL", max_results=MOST_SWEEPS, order_by=["start_time DESC"]
    )
    hidden = list(dict.fromkeys(name for sweep in sweeps for name in sorted(sweep.data.metrics)))[:MOST_HIDDEN]
    save(client, experiment_id, [runs_view(hidden), losses_view(dataset, hidden)])


def save(client: mlflow.MlflowClient, experiment_id: str, views: Sequence[View]) -> None:
    """Writes views, unless they are there or people saved their own over them; drops our oldest if there are too many.

    Args:
        client: of the store.
        experiment_id: whose views.
        views: to be written.
    """
    tags = dict(client.get_experiment(experiment_id).tags)
    for view in views:
        before = tags.get(view.tag)
        if _is_kept(before) and (not _is_ours(before) or _envelope(before)[MARK] == view.mark):
            continue
        tags[view.tag] = view.written(before)
        client.set_experiment_tag(experiment_id, view.tag, tags[view.tag])
    for tag in _too_many(tags):
        client.delete_experiment_tag(experiment_id, tag)


def remove(client: mlflow.MlflowClient, experiment_id: str, view_id: str) -> None:
    """Removes a view of ours, if it is there."""
    tag = names.SAVED_VIEW + view_id
    if _is_ours(client.get_experiment(experiment_id).tags.get(tag)):
        client.delete_experiment_tag(experiment_id, tag)


def _too_many(tags: Mapping[str, str]) -> list[str]:
    """The oldest views of sweeps, as many as there are too many."""
    views = [key for key, value in tags.items() if key.startswith(names.SAVED_VIEW) and "name" in _envelope(value)]
    sweeps = [key for key in views if key.startswith(names.SAVED_VIEW + SWEEP_PREFIX) and _is_ours(tags[key])]
    excess = max(len(views) - (MOST_VIEWS - 1), len(sweeps) - MOST_SWEEPS, 0)
    return sorted(sweeps, key=lambda key: _envelope(tags[key])["createdAt"])[:excess]


def _is_kept(value: str | None) -> bool:
    """Whether a tag's value is a view that MLflow lists: an earlier version's has no name."""
    return "name" in _envelope(value)


def _is_ours(value: str | None) -> bool:
    return str(_envelope(value).get(MARK, "")).startswith(US)


def _envelope(value: str | None) -> dict[str, Any]:
    try:
        read = json.loads(value or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _list_of_runs() -> dict[str, Any]:
    return {
        "selectedColumns": COLUMNS,
        "columnWidths": {"attributes.`Run Name`": NAME_WIDTH},
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "runsHiddenMode": "SHOW_ALL",
    }


def _grouped(*, means: bool) -> dict[str, Any]:
    """By loss: charts show each group's mean and range, or its runs.

    By the tag and not by the param of that name: MLflow colours groups by what they are called, and so more
    of the losses get colours of their own. A group of means is folded: its runs are not what the charts show.

    MLflow loads 100 runs at first. Those of the first splits are of all losses alike, where the latest 100 of a long
    sweep would be of a few losses, and the best 100 would flatter each of them. Also, only where the latest come
    first does MLflow add the parents of sweeps, as a group without a loss that has no value in any chart.
    """
    folded = {f"tag.{names.LOSS}.{loss}": False for loss in option_files("loss")} if means else {}
    return {
        "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": names.LOSS}]},
        "groupsExpanded": folded,
        "useGroupedValuesInCharts": means,
        "orderByKey": "params.`split.seed`",
        "orderByAsc": True,
    }


def _deflated(state: Mapping[str, Any]) -> str:
    """The state as MLflow reads it packed: a tag holds 20,000 characters, and in some databases 5,000."""
    return "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode()
