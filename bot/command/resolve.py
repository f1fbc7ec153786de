"""Commands against the environments that there are: every name must be one of theirs."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches

from bot.command.parse import Command, Refusal
from bot.command.reference import VERBS

__all__ = ["resolve"]

WITH_REASON = frozenset(each.name for each in VERBS if each.takes == "some")
MOST_LISTED = 10


def resolve(commands: Sequence[Command], environments: Collection[str]) -> tuple[Command, ...] | Refusal:
    """The same commands with names that exist, or the refusal of all of them.

    Of a command with a reason, the leading words that are environments become its environments, the rest the reason.
    """
    resolved: list[Command] = []
    for command in commands:
        whole = _split(command, environments) if command.verb in WITH_REASON else command
        for name in whole.environments:
            if name not in environments:
                return replace(_unknown(command, name, environments), several=len(commands) > 1)
        resolved.append(whole)
    return tuple(resolved)


def _split(command: Command, environments: Collection[str]) -> Command:
    words = command.argument.split()
    count = next((i for i, word in enumerate(words) if word.lower() not in environments), len(words))
    # Without a known name the first word is taken for a misspelt one, so that the answer can suggest what was meant.
    names = words[: max(count, 1)]
    return replace(
        command,
        environments=tuple(dict.fromkeys(each.lower() for each in names)),
        argument=" ".join(words[len(names) :]),
    )


def _unknown(command: Command, name: str, environments: Collection[str]) -> Refusal:
    near = get_close_matches(name, environments, n=1)
    if near:
        message = f'there is no environment "{name}"; did you mean "{near[0]}"?'
        words = command.text.split()
        words[2:] = [near[0] if word.lower() == name else word for word in words[2:]]  # what follows prefix and verb
        return Refusal(text=command.text, message=message, suggestion=" ".join(words))
    known = sorted(environments)
    listed = ", ".join(known[:MOST_LISTED]) + (", …" if len(known) > MOST_LISTED else "")
    message = f'there is no environment "{name}"; there are: {listed}' if known else "there are no environments"
    return Refusal(text=command.text, message=message)
