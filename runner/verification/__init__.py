"""Proofs that run on the user's own machine: losses against references, and the published examples."""
