"""What is told to people through a forge, and what of it was posted already."""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal

from bot.model.noun import Sha, noun

__all__ = ["Annotation", "Answer", "CheckReport", "Outcome", "Posted", "PostedCheck", "Report", "Standing", "digest_of"]


@noun
class Annotation:
    """A remark at a line of a file, shown in the diff."""

    path: str
    line: int
    level: Literal["failure", "warning", "notice"]
    title: str
    message: str


@noun
class CheckReport:
    """The check `tidegate` on commit `head`. `conclusion` is None while it is in progress.

    `asked` is the delivery by which somebody asked for it once more: it is then written again, whatever it says.
    """

    head: Sha
    conclusion: Literal["success", "failure"] | None
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    url: str = ""
    asked: str = ""


@noun
class Answer:
    """What became of one command: who typed what, and the answer, in words for its writer."""

    by: str
    command: str
    accepted: bool
    text: str
    at: datetime


@noun
class Outcome:
    """A comment of its own, so that people are notified: posted once per `key`, never edited."""

    key: str
    body: str


@noun
class Report:
    """Everything that a thread is to show. `remove` are ids of own comments that are duplicates (`comment:17`)."""

    comment: str | None = None
    check: CheckReport | None = None
    outcomes: tuple[Outcome, ...] = ()
    remove: tuple[str, ...] = ()


@noun
class PostedCheck:
    """A check that was posted: the forge's id (0: begun, the answer never came) and its content's hash."""

    id: int
    digest: str


@noun
class Posted:
    """What a thread shows already. `comment` is the forge's id; `digest` hashes its text; `at` is the forge's time.

    `sent` hashes the text that was sent last, as long as no answer to it is known.
    """

    comment: str | None = None
    digest: str = ""
    at: datetime | None = None
    checks: Mapping[Sha, PostedCheck] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    sent: str = ""


@noun
class Standing:
    """Where an environment stands, as it was `seen` last (None: it never was).

    `revision` is the one that was applied, `since` then; "" where nothing was. `reason` says what it waits for,
    `drifted` counts the objects that were changed beside git.
    """

    environment: str
    revision: str = ""
    since: datetime | None = None
    health: str = ""
    reason: str = ""
    drifted: int = 0
    seen: datetime | None = None


def digest_of(text: str) -> str:
    """SHA-256 of a comment's text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
