"""Sweeps on Slurm: the tasks of an array train the stacks. `launch` is the story; `task` runs on the nodes."""
