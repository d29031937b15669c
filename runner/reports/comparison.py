"""From recorded runs to a report in a folder: reads, compares, draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from runner.comparison import (
    BETTER,
    OneDataset,
    Paired,
    SeveralDatasets,
    beside_the_best,
    compare_references,
    edge_findings,
    ensemble_gains,
    leaderboard,
    one_dataset,
    pair,
    several_datasets,
    verdict,
)
from runner.errors import InputError
from runner.evaluation.budgets import Budget
from runner.reports.conditions import differences, of_other_versions, of_preprocessing
from runner.reports.ensembles import ensembles_table
from runner.reports.figures import RunOutputs, SectionData, draw_section, read_outputs
from runner.reports.page import ReportFigure, Section, render_page
from runner.reports.settings import ComparisonSettings
from runner.runs.checks import still_improving
from runner.runs.naming import plain_variant
from runner.terms.findings import counted
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.results_table import references_table, results_table, varied_parameters
from runner.tracking.tracker import Tracker
from runner.writing.whole_files import whole_file, write_text
from runner.writing.wording import override

MOST_IN_DETAIL = 4  # datasets whose curves are drawn; a report of twenty would be too heavy to open


@dataclass(frozen=True)
class Report:
    """A comparison, ready to be read.

    Attributes:
        headline: the verdict in a line.
        sentences: its details.
        folder: `report.html`, `leaderboard.csv`, `runs.csv`, `figures/`, with ensembles `ensembles.csv`.
        metric: by which losses are compared.
        leaderboard: of all runs.
        references: the same of what is no network.
        spread: by loss, the standard deviation of its runs; NaN over several datasets, where it would say nothing.
        figures: of all runs.
    """

    headline: str
    sentences: Sequence[str]
    folder: Path
    metric: str
    leaderboard: pd.DataFrame
    spread: pd.Series
    figures: Sequence[ReportFigure]
    references: pd.DataFrame = field(default_factory=pd.DataFrame)


def compare_runs(
    tracker: Tracker,
    runs: Sequence[RecordedRun],
    settings: ComparisonSettings,
    folder: Path,
    facts: Mapping[str, str],
    notices: Sequence[str] = (),
) -> Report:
    """The report on finished runs, written into a folder.

    Args:
        tracker: where they are recorded.
        runs: children of one sweep, or of several; references among them.
        settings: baseline, metric, and what counts as a difference.
        folder: where the report goes; made if missing.
        facts: what it takes to repeat it.
        notices: sentences that come before all others.

    Raises:
        InputError: there is nothing to compare: no finished run, no baseline, or only one loss; or the runs differ in
            more than their losses, and that was not allowed.
    """
    table = results_table(runs)
    if table.empty:
        raise InputError("no finished run to compare")
    table, given_up = _without_given_up(table, runs)
    if table["loss"].nunique() < 2:
        raise InputError(f"all runs have the loss {table['loss'].iloc[0]}")
    baseline = _baseline_label(table, settings.baseline)
    by_id = {run.run_id: run for run in runs}
    finished = [by_id[run_id] for run_id in table["run_id"]]
    allowed = differences(table, by_id, settings.allow, settings.metric)
    try:
        paired = pair(table, settings.metric, baseline)
    except ValueError as problem:
        raise InputError(f"the runs cannot be compared: {problem}") from problem
    in_detail = len(paired.datasets) <= MOST_IN_DETAIL
    ensembles = ensembles_table(tracker, table, by_id, settings.ensembles, settings.metric)
    compared = _Compared(table, paired, references_table(table, runs), ensembles)
    sections = _sections(compared, settings, lambda table: read_outputs(tracker, table, by_id) if in_detail else None)
    sections = [replace(section, budget=_shared_budget(finished)) for section in sections]
    differ = [f"On {each.dataset} the runs differ in more than the loss: {each}." for each in allowed]
    told = (
        given_up,
        of_preprocessing(table, settings.metric, baseline),
        _still_improving(finished),
        of_other_versions(finished),
        _sampled(compared.references),
    )
    more = [*differ, *filter(None, told), *_checks(finished, table, settings.metric)]
    if more or notices:
        longer = replace(sections[0].verdict, sentences=(*notices, *sections[0].verdict.sentences, *more))
        sections[0] = replace(sections[0], verdict=longer)
    where = ", ".join(paired.datasets) if len(paired.datasets) < 4 else f"{len(paired.datasets)} datasets"
    title = f"{table['loss'].nunique()} losses on {where}"
    first = sections[0]
    _write(folder, render_page(title, settings.metric, sections, facts), table, first)
    spread = table.groupby("loss")[settings.metric].std()
    if len(paired.datasets) > 1:
        spread[:] = math.nan
    words = first.verdict
    return Report(
        words.headline,
        words.sentences,
        folder,
        settings.metric,
        first.leaderboard,
        spread,
        first.figures,
        first.references,
    )


def _without_given_up(table: pd.DataFrame, runs: Sequence[RecordedRun]) -> tuple[pd.DataFrame, str]:
    """The runs of losses that lost none to pruning, and a sentence on those that did; empty where none did.

    A loss whose worst runs were given up would be compared by its better ones alone.
    """
    by_id = {run.run_id: run for run in runs}
    pruned = [run for run in (by_id[run_id] for run_id in table["run_id"]) if run.was_pruned]
    if not pruned:
        return table, ""
    lost = list(dict.fromkeys(run.tags[names.VARIANT] for run in pruned))
    kept = table[~table["loss"].isin(lost)]
    if kept.empty:
        raise InputError("every loss has runs that were given up, so that none can be compared")
    saved = sum(int(run.params.get("trainer.epochs", 0)) - int(run.tags[names.PRUNED]) for run in pruned)
    return kept, (
        f"Given up on validation: {len(pruned)} of {len(table)} runs, which saved up to {saved} epochs; not compared, "
        f"because the runs that were left are their better ones: {', '.join(lost)}."
    )


def _shared_budget(runs: Sequence[RecordedRun]) -> Budget | None:
    """The budget of the metrics at one, where all runs have the same."""
    found = {(run.params.get("evaluation.top_k"), run.params.get("evaluation.max_fpr")) for run in runs}
    top_k, max_fpr = found.pop()
    if found or top_k is None or max_fpr is None:
        return None
    return Budget(float(top_k), float(max_fpr))


def _sampled(references: pd.DataFrame) -> str:
    """Which references were trained on a sample of the rows, in a sentence; empty where none was."""
    fewer = references[references["rows"] < references["of_rows"]] if len(references) else references
    if not len(fewer):
        return ""
    names = " and ".join(dict.fromkeys(fewer["loss"]))
    row = fewer.iloc[0]
    return f"Trained on a sample of the rows, {row['rows']} of {row['of_rows']}, because they are many: {names}."


def _still_improving(runs: Sequence[RecordedRun]) -> str:
    """How many runs were best in the last tenth of all their epochs, in a sentence; empty where none was."""
    asked = [run for run in runs if "EPOCH01" not in run.params.get("checks.ignore", "")]
    stopping = [run for run in asked if "trainer.early_stopping.patience" in run.params]
    late = sum(still_improving(run.metrics, int(run.params.get("trainer.epochs", -1))) for run in stopping)
    if not late:
        return ""
    return f"EPOCH01: {late} of {len(runs)} runs were still improving when their epochs ended: raise trainer.epochs."


def _checks(runs: Sequence[RecordedRun], table: pd.DataFrame, metric: str) -> list[str]:
    """What there is to look at in the data, the runs and the values that were tried, a sentence each."""
    of_runs = [[each for each in names.findings_of(run.tags) if each.code != "EPOCH01"] for run in runs]
    silent = any("EDGE01" in run.params.get("checks.ignore", "") for run in runs)
    return counted([*of_runs, [] if silent else edge_findings(table, metric)])


def _baseline_label(table: pd.DataFrame, wanted: str) -> str:
    """The label of the declared baseline; of an option with several variants, the one that the others add to."""
    labels = list(dict.fromkeys(table["loss"]))
    if wanted in labels:
        return wanted
    of_option = list(dict.fromkeys(table.loc[table["option"] == wanted, "loss"]))
    if plain := plain_variant(of_option):
        return plain
    existing = ", ".join(labels[:8]) + (", ..." if len(labels) > 8 else "")
    chosen = override("comparison.baseline", of_option[0] if of_option else labels[0])
    what = "several variants have" if of_option else "no run has"
    raise InputError(f"comparison.baseline={wanted}: {what} that loss; there are {existing}: write {chosen}")


@dataclass(frozen=True)
class _Compared:
    """What is compared.

    Attributes:
        table: the runs.
        paired: their metric.
        references: what is no network, beside the same runs.
        ensembles: of the same runs, likewise.
    """

    table: pd.DataFrame
    paired: Paired
    references: pd.DataFrame
    ensembles: pd.DataFrame


def _sections(
    compared: _Compared,
    settings: ComparisonSettings,
    outputs_of: Callable[[pd.DataFrame], RunOutputs | None],
) -> list[Section]:
    """All datasets together first, if there are several; then each. Outputs are read and drawn dataset by dataset."""
    rope, alpha, paired = settings.rope, settings.alpha, compared.paired
    sections = []
    if len(paired.datasets) > 1:
        together = several_datasets(paired, rope=rope, alpha=alpha)
        sections.append(_section("All datasets", compared, together))
    for dataset in paired.datasets:
        alone = one_dataset(paired, dataset, rope=rope, alpha=alpha)
        runs = compared.table[compared.table["dataset"] == dataset]
        sections.append(_section(dataset, replace(compared, table=runs), alone, outputs_of(runs)))
    return sections


def _section(
    title: str,
    compared: _Compared,
    comparison: OneDataset | SeveralDatasets,
    outputs: RunOutputs | None = None,
) -> Section:
    runs = compared.table
    board = leaderboard(runs, comparison)
    data = SectionData(runs, board, compared.paired, comparison, outputs, varied_parameters(runs))
    beside = compare_references(runs, compared.references, comparison)
    words = verdict(runs, comparison, beside)
    words = replace(words, sentences=(*words.sentences, *ensemble_gains(runs, compared.ensembles, comparison)))
    ensembles = _of_ensembles(runs, compared.ensembles, comparison)
    if beside is None:
        return Section(title, words, board, list(draw_section(data)), ensembles=ensembles)
    own = compared.references
    own = own[own["dataset"].isin(runs["dataset"].unique())]
    references = leaderboard(own, beside).assign(runs=own.groupby("loss")["run_id"].nunique())
    if any(one.verdict == BETTER for one in beside.compared):
        first, *others = words.sentences
        words = replace(words, sentences=(first, beside_the_best(board, references, comparison.metric), *others))
    return Section(title, words, board, list(draw_section(data)), references, ensembles)


def _of_ensembles(
    runs: pd.DataFrame, ensembles: pd.DataFrame, comparison: OneDataset | SeveralDatasets
) -> pd.DataFrame:
    """The leaderboard of ensembles, each beside the baseline, a family of their own as references are."""
    beside = compare_references(runs, ensembles, comparison)
    if beside is None:
        return pd.DataFrame()
    own = ensembles[ensembles["dataset"].isin(runs["dataset"].unique())]
    members = own.drop_duplicates(["loss", "dataset", "split"]).groupby("loss")["members"].sum()
    return leaderboard(own, beside).assign(runs=members)


def _write(folder: Path, page: str, table: pd.DataFrame, first: Section) -> None:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    write_text(folder / "report.html", page)
    boards = [first.leaderboard.assign(reference=False), first.references.assign(reference=True)]
    with whole_file(folder / "leaderboard.csv") as beside:
        pd.concat([board for board in boards if len(board)]).to_csv(beside, index_label="loss")
    if len(first.ensembles):
        with whole_file(folder / "ensembles.csv") as beside:
            first.ensembles.to_csv(beside, index_label="loss")
    with whole_file(folder / "runs.csv") as beside:
        table.to_csv(beside, index=False)
    for figure in first.figures:
        with whole_file(folder / "figures" / figure.file_name) as beside:
            beside.write_bytes(figure.png)
