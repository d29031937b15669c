from .launcher import JobLauncher as JobLauncher
from .launcher import LaunchRequest as LaunchRequest
from .workers import launch_on_workers as launch_on_workers
