"""The libraries that Kubernetes adds to CEL, one file each: https://kubernetes.io/docs/reference/using-api/cel/.

`authorizer` is not among them: nobody can be asked what somebody may do where there is no API server.
"""

from bot.check.cel.library import cidr, compare, durations, format, ip, lists, maps, quantity, regex, semver, url
from bot.check.cel.library.declare import Function

__all__ = ["FUNCTIONS", "Function"]

LIBRARIES = (quantity, semver, compare, url, ip, cidr, regex, lists, maps, durations, format)

FUNCTIONS: tuple[Function, ...] = tuple(each for library in LIBRARIES for each in library.FUNCTIONS)
