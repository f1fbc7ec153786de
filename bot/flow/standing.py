"""Who may do what: memberships and rights, looked up now, with a failed lookup told apart from a no."""

import asyncio
from collections.abc import Iterable, Mapping

from bot.errors import PermanentError, TemporaryError
from bot.forge import Forge
from bot.model.environment import ApprovalRule
from bot.model.identity import Permission, Person, RepositoryId

__all__ = ["belongs", "may", "standings"]


async def may(forge: Forge, repository: RepositoryId, person: Person, needed: Permission) -> bool | None:
    """Whether the person has at least that permission; None: it could not be looked up."""
    if person.bot:
        return False
    try:
        return await forge.permission(repository, person) >= needed
    except (TemporaryError, PermanentError):
        return None


async def belongs(forge: Forge, repository: RepositoryId, person: Person, rule: ApprovalRule) -> bool | None:
    """Whether the person is among the rule's approvers; None: it could not be looked up."""
    if person.bot:
        return False
    if not rule.approvers:
        return await may(forge, repository, person, Permission.WRITE)
    failed = False
    for approver in rule.approvers:
        kind, _, name = approver.partition(":")
        if kind == "user":
            if name.lower() == person.login.lower():
                # the permission lookup verifies that the login still belongs to this account id
                return await may(forge, repository, person, Permission.READ)
            continue
        try:
            if person.id in await forge.members(name):
                return True
        except (TemporaryError, PermanentError):
            failed = True
    return None if failed else False


async def standings(
    forge: Forge, repository: RepositoryId, people: Iterable[Person], rule: ApprovalRule
) -> Mapping[int, bool | None]:
    """For each person's id whether they are among the approvers."""
    distinct = {person.id: person for person in people}
    answers = await asyncio.gather(*(belongs(forge, repository, person, rule) for person in distinct.values()))
    return dict(zip(distinct, answers, strict=True))
