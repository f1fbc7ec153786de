"""What is run, within which limits, and how it ended."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from bot.jail.program import Program
from bot.model.noun import noun

__all__ = ["Done", "Job", "Limits"]


@noun
class Limits:
    """What a run may use: wall time and processor time in seconds; memory, output and scratch space in bytes.

    Processor time, memory and scratch space are of all its processes together.
    """

    seconds: float = 30.0
    processor: float = 10.0
    memory: int = 1536 * 1024 * 1024
    output: int = 64 * 1024 * 1024
    disk: int = 256 * 1024 * 1024
    processes: int = 64


@noun
class Job:
    """What to run. `inputs` are folders and files that it may read; `scratch` is a folder that it may write to.

    `helpers` are programs that it may execute. `folder` is where it starts. `environment` is all that it finds there.
    """

    program: Program
    arguments: tuple[str, ...]
    folder: Path
    inputs: tuple[Path, ...] = ()
    scratch: Path | None = None
    helpers: tuple[Program, ...] = ()
    stdin: bytes = field(default=b"", repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()


@noun
class Done:
    """How a run ended by itself: exit status, standard output and standard error (its end, at most 64 KiB)."""

    status: int
    output: bytes = field(repr=False)
    errors: bytes = field(repr=False)
    seconds: float
