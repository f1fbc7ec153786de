"""Whether the credential, the App's rights and events, its installations and its hook are as they must be."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bot.errors import PermanentError, TemporaryError
from bot.forge.github.access import owner_of
from bot.forge.github.client import Client
from bot.forge.github.shape import integer, mapping, text
from bot.forge.github.sweep import DELIVERIES, is_success
from bot.model.forge import Diagnosis
from bot.model.noun import Json

__all__ = ["EVENTS", "PERMISSIONS", "app", "person"]

PERMISSIONS = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
    "members": "read",
}
EVENTS = ("issue_comment", "pull_request", "pull_request_review", "push")
"""`check_run`, `check_suite` and the installation's events come by themselves, and need not be listed:
https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run
"""

RANK = ("", "read", "write", "admin")
RECENT = 20


async def app(client: Client, name: str) -> Sequence[Diagnosis]:
    """All that can be known of an App. A failed look is a diagnosis, and never an error."""
    found = [each async for each in attempt(f"{name}: App", lambda: registration(client, name))]
    if not found[0].ok:
        return found
    found += [each async for each in attempt(f"{name}: installations", lambda: installations(client, name))]
    found += [each async for each in attempt(f"{name}: webhook", lambda: hook(client, name))]
    return found


async def person(client: Client, name: str) -> Sequence[Diagnosis]:
    """Whether a personal access token works."""

    async def owner() -> list[Diagnosis]:
        login = text(await client.get("/user"), "login")
        detail = f"writes as {login}; its webhooks are not watched: check them on GitHub"
        return [Diagnosis(subject=f"{name}: token", ok=True, detail=detail)]

    return [each async for each in attempt(f"{name}: token", owner)]


async def attempt(subject: str, look: Callable[[], Awaitable[list[Diagnosis]]]) -> AsyncIterator[Diagnosis]:
    """What `look` finds, or why it could not look."""
    try:
        for each in await look():
            yield each
    except PermanentError as error:
        yield Diagnosis(subject=subject, ok=False, detail=str(error), fix="check the credential and the App's settings")
    except TemporaryError as error:
        yield Diagnosis(subject=subject, ok=False, detail=str(error), fix="try again when GitHub answers")


async def registration(client: Client, name: str) -> list[Diagnosis]:
    """The App as it is registered."""
    found = await client.get("/app")
    lacking = [*missing_permissions(found), *missing_events(found)]
    return [
        Diagnosis(subject=f"{name}: App", ok=True, detail=f"{text(found, 'slug')} is known to GitHub"),
        Diagnosis(
            subject=f"{name}: App's rights",
            ok=not lacking,
            detail=f"missing: {', '.join(lacking)}" if lacking else "all permissions and events are there",
            fix="add them on the App's settings page, then accept them on each installation" if lacking else "",
        ),
    ]


def missing_permissions(value: Json) -> list[str]:
    """The permissions that the App or an installation has too little of."""
    granted = mapping(value, "permissions")
    return [f"{name}: {need}" for name, need in PERMISSIONS.items() if rank(granted.get(name)) < RANK.index(need)]


def rank(level: object) -> int:
    """How much a permission level allows; an unknown one is none."""
    return RANK.index(level) if isinstance(level, str) and level in RANK else 0


def missing_events(value: Json) -> list[str]:
    """The webhook events that the App is not told of."""
    events = value.get("events")
    return [f"event {each}" for each in EVENTS if each not in (events if isinstance(events, list) else ())]


async def installations(client: Client, name: str) -> list[Diagnosis]:
    """Where the App is installed, and whether its rights were accepted there."""
    found = []
    async for each in client.pages("/app/installations"):
        login = owner_of(each) or f"number {integer(each, 'id')}"
        lacking = missing_permissions(each)
        suspended = each.get("suspended_at") is not None
        said = "is suspended" if suspended else f"lacks {', '.join(lacking)}" if lacking else "has all rights"
        found.append(
            Diagnosis(
                subject=f"{name}: installation on {login}",
                ok=not (lacking or suspended),
                detail=said,
                fix=f"an owner of {login} opens the installation's settings and accepts"
                if lacking or suspended
                else "",
            )
        )
    nowhere = Diagnosis(
        subject=f"{name}: installations", ok=False, detail="installed nowhere", fix="install the App on a repository"
    )
    return found or [nowhere]


async def hook(client: Client, name: str) -> list[Diagnosis]:
    """Whether GitHub reaches us: the newest deliveries."""
    newest = []
    async for each in client.pages(DELIVERIES, numbered=False):
        newest.append(each)
        if len(newest) == RECENT:
            break
    bad = [each for each in newest if not is_success(each)]
    detail = f"{len(newest) - len(bad)} of the last {len(newest)} deliveries arrived" if newest else "none was sent yet"
    fix = f"the last answer was: {text(bad[0], 'status') or 'none'}; check the hook's URL and secret" if bad else ""
    return [Diagnosis(subject=f"{name}: webhook", ok=not bad, detail=detail, fix=fix, needed=False)]
