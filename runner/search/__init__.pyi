from .adapter import adapted as adapted
from .loop import run_search as run_search
