"""The sides of `benchmarks/sweeps.py`: what is measured, each in a file of its own."""
