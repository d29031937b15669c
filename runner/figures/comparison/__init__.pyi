from .calibration import calibration_overlay as calibration_overlay
from .critical_difference import critical_difference_diagram as critical_difference_diagram
from .differences import difference_forest as difference_forest
from .leaderboard import leaderboard_forest as leaderboard_forest
from .precision_recall import precision_recall_overlay as precision_recall_overlay
from .roc import roc_overlay as roc_overlay
from .sensitivity import sensitivity_overlay as sensitivity_overlay
from .training import training_curves as training_curves
