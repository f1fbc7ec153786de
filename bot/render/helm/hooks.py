"""Hooks of charts: objects that Helm applies at moments of its own commands, and that nothing else may apply."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.model.finding import Finding
from bot.model.noun import noun
from bot.render.manifests import annotations_of, shown

__all__ = ["Hook", "events_of", "hook", "left_out"]

HOOK = "helm.sh/hook"
DEPLOYING = {"pre-install", "post-install", "pre-upgrade", "post-upgrade"}
NAMED = 10  # hooks that a notice names


@noun
class Hook:
    """A hook's kind and name for people, its events, and the file that it came from."""

    name: str
    events: str
    path: str


def events_of(value: Any) -> str:
    """The events that an object says it is a hook for, such as `pre-install,pre-upgrade`; "" where it says none."""
    events = annotations_of(value).get(HOOK)
    return str(events) if events is not None else ""


def hook(value: Any, path: str) -> Hook:
    """An object that says that it is one."""
    name = shown(f"{value.get('kind', 'object')} {value['metadata'].get('name')}", 100)
    return Hook(name=name, events=events_of(value), path=path)


def left_out(hooks: Sequence[Hook]) -> Iterator[Finding]:
    """A notice for the hooks that a deployment by Helm would run, and one for the others."""
    deploying = [one for one in hooks if DEPLOYING & {each.strip() for each in one.events.split(",")}]
    others = [one for one in hooks if one not in deploying]
    for found, when, fix in (
        (deploying, "install or upgrade", "they are not run; what must run belongs into a template without a hook"),
        (others, "test, delete or rollback", "nothing is to be done: they belong to Helm's own commands"),
    ):
        if found:
            count = f"{len(found)} hooks are" if len(found) > 1 else "1 hook is"
            names = ", ".join(each.name for each in found[:NAMED]) + (", …" if len(found) > NAMED else "")
            message = f"{count} left out, which Helm would run at {when}: {names}"
            yield Finding(check="render", level="notice", message=message, fix=fix, path=found[0].path, rule="hooks")
