"""Files outside environments, which `schemas` of tidegate.yaml maps to JSON Schemas."""

import asyncio
from collections.abc import Sequence

from bot.check.files import reads, validate_files
from bot.cli.check.gather import Gathered, relative
from bot.cli.check.request import CheckRequest
from bot.flow.files import changed_files, whole
from bot.model.plan import Finding

__all__ = ["other_files"]


def other_files(request: CheckRequest, gathered: Gathered) -> Sequence[Finding]:
    """What is wrong with them: with all, or with those that changed or were asked for."""
    configuration, subject = gathered.configuration, gathered.subject
    wanted = only(request, gathered)
    if not configuration.schemas or not reads(configuration, subject.head, wanted):
        return ()
    tree = asyncio.run(whole(subject.load, configuration, subject.head, wanted))
    return validate_files(configuration, tree, only=wanted)


def only(request: CheckRequest, gathered: Gathered) -> frozenset[str] | None:
    """The files to look at; None: all."""
    subject = gathered.subject
    found: frozenset[str] | None = None
    if request.since and subject.base is not None:
        found = changed_files(subject.base, subject.head)
    if request.paths:
        places = [relative(gathered.top, path) for path in request.paths]
        asked = frozenset(each.path for place in places for each in subject.head.under(place))
        found = asked if found is None else found & asked
    return found
