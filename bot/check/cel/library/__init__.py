"""The libraries that Kubernetes adds to CEL, one file each: https://kubernetes.io/docs/reference/using-api/cel/.

`authorizer` is not among them: nobody can be asked what somebody may do where there is no API server.
"""

import re
from collections.abc import Mapping

from bot.check.cel.library import (
    cidr,
    compare,
    durations,
    format,
    ip,
    lists,
    maps,
    numbers,
    quantity,
    regex,
    semver,
    strings,
    times,
    url,
)
from bot.check.cel.library.declare import Function

__all__ = ["FUNCTIONS", "OWN", "RIGHT", "Function"]

LIBRARIES = (quantity, semver, compare, url, ip, cidr, regex, lists, maps, strings, numbers, times, durations, format)

OWN = {
    name: name.removeprefix(".")[:-1] + name[-1].upper()
    for name in (".getMilliseconds", ".indexOf", ".lastIndexOf", ".split", ".substring", "int", "double", "timestamp")
}
"""What the engine has too, but not as the API server has it: ours go by other names, which are as long.

Methods have a dot before their names.
"""

RIGHT: Mapping[str, re.Pattern[str]] = {
    ".getMilliseconds": re.compile(r"[^)].*", re.DOTALL),
    ".split": re.compile(r"""'[^'\\]+'|"[^"\\]+\""""),
}
"""What may begin the arguments where the engine's own is right: a zone; anything to split by, which it does faster."""

FUNCTIONS: tuple[Function, ...] = tuple(each for library in LIBRARIES for each in library.FUNCTIONS)
