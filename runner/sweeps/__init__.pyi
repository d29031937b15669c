from .job import run_job as run_job
from .journal import Event as Event
from .resume import command_of as command_of
from .session import SweepSession as SweepSession
from .sweep import Sweep as Sweep
from .sweep import failure_lines as failure_lines
