"""The configuration: its schemas, its checks, and Hydra's errors in one line."""
