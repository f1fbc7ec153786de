"""Who may do what: a bot never, a login only while it is the account's, and a failed lookup is no answer."""

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import PermanentError, TemporaryError
from bot.flow.standing import belongs, may
from bot.model.environment import ApprovalRule
from bot.model.identity import Permission, Person, RepositoryId
from tests.support.alone import KEY
from tests.support.thread import ANA, EVE, TEAM, WRITERS, Members

NAMED = ApprovalRule(count=1, approvers=("user:Ana",))
EITHER = ApprovalRule(count=1, approvers=("user:eve", "team:acme/sre"))


class Rights(Members):
    """A forge where everybody has one permission; or that answers with an error."""

    def __init__(self, right: Permission | Exception) -> None:
        super().__init__()
        self.right = right

    async def permission(self, repository: RepositoryId, person: Person) -> Permission:
        if isinstance(self.right, Exception):
            raise self.right
        return self.right


@pytest.mark.parametrize("rule", [TEAM, WRITERS, NAMED, EITHER])
async def test_a_bot_never_counts(rule: ApprovalRule) -> None:
    forge: Any = Members()
    assert await belongs(forge, KEY, ANA, rule) is True
    assert await belongs(forge, KEY, replace(ANA, bot=True), rule) is False
    assert await may(forge, KEY, replace(ANA, bot=True), Permission.READ) is False


@pytest.mark.parametrize(
    ("right", "answer"),
    [
        (Permission.READ, True),
        (Permission.NONE, False),
        (TemporaryError("no answer"), None),
        (PermanentError("refused"), None),
    ],
)
async def test_a_login_counts_while_the_forge_says_that_it_is_this_account_s(right: Any, answer: bool | None) -> None:
    forge: Any = Rights(right)
    assert await belongs(forge, KEY, ANA, NAMED) is answer
    assert await belongs(forge, KEY, EVE, NAMED) is False


async def test_who_is_not_named_may_be_in_the_team_and_a_team_that_cannot_be_asked_is_no_no() -> None:
    forge: Any = Members(team=None)
    assert await belongs(forge, KEY, EVE, EITHER) is True
    assert await belongs(forge, KEY, ANA, EITHER) is None
