from .loop import run_search as run_search
