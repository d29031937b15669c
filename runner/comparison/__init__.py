"""Which loss is better: pure functions of a table of runs. Splits are the replicates, and they overlap."""

from runner.comparison.compared import BETTER, CANNOT_TELL, TIED, WORSE, Compared
from runner.comparison.edges import edge_findings
from runner.comparison.ensembles import ensemble_gains
from runner.comparison.leaderboard import leaderboard
from runner.comparison.one_dataset import OneDataset, one_dataset
from runner.comparison.pairing import Missing, Pair, Paired, pair
from runner.comparison.references import beside_the_best, compare_references
from runner.comparison.several_datasets import SeveralDatasets, several_datasets
from runner.comparison.verdict import Verdict, verdict

__all__ = [
    "BETTER",
    "CANNOT_TELL",
    "TIED",
    "WORSE",
    "Compared",
    "Missing",
    "OneDataset",
    "Pair",
    "Paired",
    "SeveralDatasets",
    "Verdict",
    "beside_the_best",
    "compare_references",
    "edge_findings",
    "ensemble_gains",
    "leaderboard",
    "one_dataset",
    "pair",
    "several_datasets",
    "verdict",
]
