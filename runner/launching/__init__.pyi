from .launcher import JobLauncher as JobLauncher
from .launcher import LaunchRequest as LaunchRequest
from .slurm.launch import launch_on_slurm as launch_on_slurm
from .slurm.options import SlurmOptions as SlurmOptions
from .workers import launch_on_workers as launch_on_workers
