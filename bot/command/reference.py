"""The verbs: how each is written, who may use it and what it does. Help and documentation read this."""

from typing import Literal

from bot.model.noun import noun

__all__ = ["ELSEWHERE", "UNBUILT", "VERBS", "Verb", "reference"]

UNBUILT = {
    "adopt": "",
    "rollback": "; revert the pull request instead, which is planned and approved like any change",
    "destroy": "; an environment that leaves tidegate.yaml keeps what it holds, to be removed by hand",
}
"""Verbs that have a meaning but are not carried out yet, each with what to do instead."""

ELSEWHERE = {"lock": "hold", "unlock": "release", "pause": "hold", "resume": "release", "deploy": "apply"}
"""What other tools call some of the verbs."""


@noun
class Verb:
    """One verb. `takes` is what may follow it, `who` is for the reference; `meaning` is a clause without a full stop.

    `any` means environments or none; `some` at least one and then free text; `one` exactly one and then what the syntax
    says; `anything` is not looked at.
    """

    name: str
    syntax: str
    takes: Literal["any", "some", "one", "anything"]
    who: str
    meaning: str


VERBS: tuple[Verb, ...] = (
    Verb(
        name="plan",
        syntax="plan [environment …]",
        takes="any",
        who="write access",
        meaning="plans again; with the full id of a fork's newest commit, allows that commit to be planned",
    ),
    Verb(
        name="approve",
        syntax="approve [environment …]",
        takes="any",
        who="the environment's approvers",
        meaning="approves what the last plan here shows, for all environments that you may approve or those you name",
    ),
    Verb(
        name="unapprove",
        syntax="unapprove [environment …]",
        takes="any",
        who="whoever approved",
        meaning="takes your approval back",
    ),
    Verb(
        name="approve-deletions",
        syntax="approve-deletions environment [kind/name …]",
        takes="one",
        who="the environment's approvers",
        meaning="approves the deletions that the last plan here lists, or those you name",
    ),
    Verb(
        name="apply",
        syntax="apply environment [commit]",
        takes="one",
        who="write access",
        meaning="applies what was approved",
    ),
    Verb(
        name="hold",
        syntax="hold environment … [reason]",
        takes="some",
        who="the environment's approvers",
        meaning="stops every write until somebody releases it",
    ),
    Verb(
        name="release",
        syntax="release environment … [reason]",
        takes="some",
        who="the environment's approvers",
        meaning="ends a hold, or the stop after an apply that was only done in part",
    ),
    Verb(
        name="status",
        syntax="status [environment …]",
        takes="any",
        who="read access",
        meaning="looks at once and says where the environments stand",
    ),
    Verb(
        name="help",
        syntax="help",
        takes="anything",
        who="everybody",
        meaning="lists these commands",
    ),
)


def reference() -> tuple[tuple[str, str], ...]:
    """(syntax without the prefix, meaning) of every verb, in the order in which people should read them."""
    return tuple((each.syntax, each.meaning) for each in VERBS)
