from .declaration import declaration as declaration
from .out_of_fold import publish_out_of_fold as publish_out_of_fold
from .publish import RecordedSweep as RecordedSweep
from .publish import compare_sweeps as compare_sweeps
from .publish import publish_report as publish_report
from .settings import ComparisonSettings as ComparisonSettings
