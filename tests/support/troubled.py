"""A renderer and a check that go wrong as their input says, made in a process of a pool."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import ClassVar, Literal

from bot.errors import InputError, RenderError
from bot.flow.evaluate import Changes, Files, InProcess
from bot.model.environment import Source
from bot.model.examined import Examined
from bot.model.identity import RepositoryId
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Change, Finding
from bot.model.resource import Rendered
from bot.model.tree import Elsewhere, Tree
from bot.render.plain import Plain

__all__ = ["make"]


def go_wrong(how: str) -> None:
    """Do what the name says; nothing for any other name."""
    match how:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "answering":
            silence()
        case "hangs":
            threading.Event().wait()
        case "refused":
            raise RenderError([Finding(check="render", level="error", message="no", fix="yes", path="a.yaml", line=7)])
        case "wrong":
            raise InputError("what was written is wrong")
        case "broken":
            raise RuntimeError("a defect")


def silence() -> None:
    """Be killed as one that is about to answer: it holds the lock that all answer under."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    with frame.f_locals["channel"].mutex.writer:
        os.kill(os.getpid(), signal.SIGKILL)


class Troubled(Plain):
    """Renders plain manifests unless the source's options say `trouble`."""

    name = "troubled"

    async def render(self, tree: Tree, source: Source, kubernetes: Kubernetes) -> Rendered:
        """As the options say."""
        go_wrong(str(source.options.get("trouble", "")))
        return await super().render(tree, source, kubernetes)

    def needs(self, tree: Tree, source: Source) -> frozenset[Elsewhere]:
        """Nothing."""
        return frozenset()


class TroubledCheck:
    """Goes wrong as the environment's target says; else one notice with the process's id."""

    name = "troubled"
    subject: ClassVar[Literal["desired"]] = "desired"

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """As the target says."""
        go_wrong(examined.environment.target)
        return [Finding(check=self.name, level="notice", message=str(os.getpid()), fix="none")]


class TroubledInProcess(InProcess):
    """Goes wrong as the only file or the first object's name says, before it looks at anything."""

    async def files(self, turn: RepositoryId, work: Files) -> Sequence[Finding]:
        """As the file is named."""
        go_wrong("".join(work.only))
        return await super().files(turn, work)

    async def conceal(self, turn: RepositoryId, work: Changes) -> Sequence[Change]:
        """As the name says."""
        go_wrong(work.changes[0].id.name)
        return await super().conceal(turn, work)


def make() -> InProcess:
    """What a process of the pool works with."""
    return TroubledInProcess((Troubled(),), (TroubledCheck(),))
