"""Figures of losses: shapes, the gallery, trainings that agree."""
