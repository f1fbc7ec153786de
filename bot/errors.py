"""Every error that Tidegate raises on purpose. The type says what may be done about it.

TidegateError
├── InputError            what a person wrote is wrong; the message says where and what to do
│   ├── SettingsError     the server's own settings
│   ├── ConfigurationError  tidegate.yaml (carries findings)
│   ├── CelError          a CEL expression that does not compile (carries line and column)
│   ├── DocumentError     a YAML or JSON document (carries line and column)
│   ├── TreeError         something in git that is not read (symlink, submodule, missing)
│   └── RenderError       an environment that does not render (carries findings)
├── CelEvaluationError    a CEL expression that has no result for these values
├── ProgramError          a foreign program was stopped, or could not be started in its jail
├── RefusedError          a webhook that is not accepted (carries the HTTP status)
├── TemporaryError        worth trying again (carries the delay in seconds)
│   └── PublishError      a report was published in part (carries what is posted)
├── PermanentError        the outside refused for good; trying again changes nothing
│   └── AbsentError       there is no such thing, or we may not know of it
└── StaleError            the ground moved: look again
    ├── StaleLease        somebody else holds the key by now
    └── StalePlan         the live state is not what the plan saw
"""

from collections.abc import Sequence
from typing import Any

__all__ = [
    "AbsentError",
    "CelError",
    "CelEvaluationError",
    "ConfigurationError",
    "DocumentError",
    "InputError",
    "PermanentError",
    "ProgramError",
    "PublishError",
    "RefusedError",
    "RenderError",
    "SettingsError",
    "StaleError",
    "StaleLease",
    "StalePlan",
    "TemporaryError",
    "TidegateError",
    "TreeError",
]


class TidegateError(Exception):
    """The root of the tree above."""


class InputError(TidegateError):
    """What a person wrote is wrong; the message says where and what to do."""


class SettingsError(InputError):
    """The server's settings cannot be used; each of `lines` is one problem with its remedy."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class ConfigurationError(InputError):
    """`tidegate.yaml` cannot be used; `findings` are `model.Finding` values with file, line and column."""

    def __init__(self, findings: Sequence[Any]) -> None:
        super().__init__("; ".join(str(each.message) for each in findings))
        self.findings = tuple(findings)


class CelError(InputError):
    """A CEL expression that does not compile. Line and column are places in the expression and count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class DocumentError(InputError):
    """A document cannot be read. The message never quotes values. Line and column count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class TreeError(InputError):
    """Something in git that is not read: missing, a symbolic link, a submodule, outside the repository."""


class RenderError(InputError):
    """An environment does not render; `findings` are `model.Finding` values of level error or unknown."""

    def __init__(self, findings: Sequence[Any]) -> None:
        super().__init__("; ".join(str(each.message) for each in findings))
        self.findings = tuple(findings)


class CelEvaluationError(TidegateError):
    """A CEL expression has no result for these values, or would need more than it may have: never a pass.

    The message is the engine's; it may quote a value.
    """


class ProgramError(TidegateError):
    """A foreign program was stopped (time, memory, output), or there is no jail to start it in.

    The message is a sentence for people without paths of this machine; what the program was to find out is unknown.
    """


class RefusedError(TidegateError):
    """A webhook that is not accepted: 401 signature, 400 malformed, 413 too large."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class TemporaryError(TidegateError):
    """The outside did not answer, or asked to wait `delay` seconds; trying again is right."""

    def __init__(self, message: str, delay: float = 5.0) -> None:
        super().__init__(message)
        self.delay = delay


class PublishError(TemporaryError):
    """A report was published in part; `posted` is the `model.Posted` of what the thread shows now and must be kept."""

    def __init__(self, message: str, posted: Any, delay: float = 5.0) -> None:
        super().__init__(message, delay)
        self.posted = posted


class PermanentError(TidegateError):
    """The outside refused for good (missing right, not found); trying again changes nothing."""


class AbsentError(PermanentError):
    """There is no such thing, or the credential may not know of it: a forge does not tell the two apart."""


class StaleError(TidegateError):
    """The ground moved since it was looked at: look again."""


class StaleLease(StaleError):
    """Somebody else holds the key by now; nothing may be written under the old lease.

    `epoch` is the newer one, where a target says that it was written under it; else 0.
    """

    def __init__(self, message: str, epoch: int = 0) -> None:
        super().__init__(message)
        self.epoch = epoch


class StalePlan(StaleError):
    """The live state is not what the plan saw; nothing was written."""
