"""`runner --help`: the groups and options, read from conf/ itself, so that the text cannot fall behind."""

from __future__ import annotations

from runner.config.options import GROUPS, option_files, purpose


def help_text() -> str:
    """The whole help page."""
    lines = [
        "Trains a sigmoid-output Keras network on an imbalanced yes/no problem under a chosen loss,",
        "and records curves, honest metrics, figures and the model in MLflow.",
        "",
        "usage: runner [group=option] [key=value] ...        one run (python -m runner does the same)",
        "       runner -m [group=option,option] ...          a sweep: every combination",
        "       runner -m 'grid=[...]' 'grid=[...]'          a sweep of several products, one after the other",
        "       runner -m 'zip=[key=a,b other=c,d]'          a sweep of keys that vary together",
        "       runner ui [--port 5000]                      the MLflow UI on the runs",
        "       runner resume SWEEP_ID                       goes on with an interrupted sweep",
        "       runner compare SWEEP_ID ...                  which loss wins, and whether that can be trusted",
        "       runner rerun RUN_ID [key=value ...]          a run again, from its recorded configuration",
        "       runner promote SWEEP_ID [--name NAME]        registers the best loss's model: champion if it is better",
        "       runner predict MODEL FILE -o scores.parquet  scores the rows of a file: CSV or Parquet, of any length",
        "       runner serve MODEL [--port 5001]             scores rows over HTTP: MLflow's scoring server",
        "       runner monitor MODEL FILE [--labels COLUMN]  whether the model still holds on rows of today",
        "       runner sync [FOLDER]                         records what waits for a server that was away",
        "       runner doctor                                whether store, disk, packages are as they should be",
        "       runner relocate [--outputs FOLDER]           a store that was moved or copied, pointed at where it is",
        "       runner losses [NAME [KEY=VALUE ...]]         the losses, or one in detail with its figure",
        "       runner verify                                the losses and the published examples, checked here",
        "       runner datasets [NAME ...]                   the datasets: rows, prevalence, duplicates",
        "",
        "examples:",
        "  runner loss=focal loss.gamma=1 seed=3",
        "  runner -m loss=builtin,custom,weighted,smoothed,focal seed=0,1",
        "  runner -m split=kfold split.fold=all loss=builtin,focal",
        "  runner dataset=file dataset.path=my.csv dataset.target=fraud trainer.epochs=50",
        "",
    ]
    for group in GROUPS:
        lines.append(f"{group}:")
        for option, path in option_files(group).items():
            lines.append(f"  {option:<21} {purpose(path)}")
        lines.append("")
    lines += [
        "other keys: seed, objective, preprocessing, paths.outputs,",
        "            split.seed, split.validation, split.test; split.fold=all in a sweep: every fold,",
        "            comparison.references=none, checks.ignore=[FEW01], hydra/sweeper/pruner=median (of a search),",
        "            sweep.prune=median (of a grid), comparison.ensembles=[seeds,selection], init.weights=RUN_ID",
        "",
        "runner loss=focal --cfg job     every key of a configuration with its value; trains nothing",
        "runner --hydra-help             Hydra's own flags",
        "Exit status: 0 done, 2 your input was refused, 3 a model that does not hold any more (runner monitor),",
        "1 anything else. HYDRA_FULL_ERROR=1 shows tracebacks.",
    ]
    return "\n".join(lines)
