"""The configuration: schemas, checks, instantiation, and Hydra's errors in one line. Hydra's node stays above it."""
