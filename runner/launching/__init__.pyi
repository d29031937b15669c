from .launcher import JobLauncher as JobLauncher
from .launcher import LaunchRequest as LaunchRequest
from .slurm import SlurmOptions as SlurmOptions
from .slurm import launch_on_slurm as launch_on_slurm
from .workers import launch_on_workers as launch_on_workers
