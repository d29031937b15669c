"""Searches: Optuna chooses the jobs of a sweep."""
