"""Texts of `tidegate.yaml`, and what is said of those that cannot be used."""

import pytest

from bot.config import parse
from bot.errors import ConfigurationError
from bot.model.finding import Finding
from bot.model.identity import RepositoryId
from tests.support.trees import EMPTY

__all__ = ["ENVIRONMENT", "REPOSITORY", "of_environment", "refused"]

REPOSITORY = RepositoryId(forge="github", number=7, path="acme/web")
ENVIRONMENT = "    source: {path: envs/a}\n    target: a\n    apply: never\n"
"""The lines of an environment, indented to stand below its name."""


def of_environment(lines: str) -> str:
    """A file with the environment `a` of these lines."""
    return "version: 1\nenvironments:\n  a:\n" + "".join(f"    {each}\n" for each in lines.split("\n"))


def refused(text: str | bytes) -> tuple[Finding, ...]:
    """The errors that such a file is refused with, from its first line to its last."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), REPOSITORY, EMPTY)
    findings: tuple[Finding, ...] = caught.value.findings
    assert all((each.level, each.path) == ("error", "tidegate.yaml") for each in findings)
    assert [each.line for each in findings] == sorted(each.line for each in findings)
    return findings
