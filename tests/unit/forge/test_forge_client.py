"""What happens on the wire: tokens, renewal, revalidation, paging, limits, redirects, and what errors say."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.errors import PermanentError, TemporaryError
from bot.forge.github import GitHub, GitHubOptions
from bot.forge.github.transport import Transport
from bot.model.identity import Permission, Person, RepositoryId

REPOSITORY = RepositoryId(forge="github", number=7, path="acme/shop")
ANA = Person(id=5, login="ana")
PERMISSION = "GET /repos/acme/shop/collaborators/ana/permission"
TOKENS = "POST /app/installations/11/access_tokens"
WRITE = {"permission": "write", "user": {"id": 5, "login": "ana"}}


async def ask(github: GitHub) -> Permission:
    return await github.permission(REPOSITORY, ANA)


async def test_the_app_proves_itself_and_the_installation_asks(github: GitHub, script: Any, private_key: str) -> None:
    script.on(PERMISSION, WRITE)
    assert await ask(github) is Permission.WRITE
    bearer = script.of(TOKENS)[0].headers["authorization"].removeprefix("Bearer ")
    key = load_pem_private_key(private_key.encode(), None)
    claims = jwt.decode(bearer, key.public_key(), ["RS256"], options={"verify_exp": False, "verify_iat": False})  # type: ignore[arg-type]  # an RSA key
    assert claims["iss"] == "1"
    assert claims["exp"] - claims["iat"] <= 600
    asked = script.of(PERMISSION)[0].headers
    assert asked["authorization"] == "Bearer ghs_first"
    assert asked["x-github-api-version"] == "2022-11-28"


@pytest.mark.parametrize("ahead", [600.0, 7200.0, -1200.0])
async def test_a_clock_that_is_off_is_set_by_githubs(github: GitHub, script: Any, clock: Any, ahead: float) -> None:
    now = script.now = type(clock)(clock.seconds)
    clock.seconds += ahead

    def judged(answer: Any) -> Callable[[Any], Any]:
        def judge(asked: Any) -> Any:
            bearer = asked.headers["authorization"].removeprefix("Bearer ")
            claims = jwt.decode(bearer, options={"verify_signature": False})
            if claims["iat"] <= now() + 60 and now() < claims["exp"]:
                return answer
            return 401, {"message": "'Expiration time' claim ('exp') is too far in the future"}, {}

        return judge

    script.on("GET /repos/acme/shop/installation", judged({"id": 11}))
    script.on(TOKENS, judged((201, {"token": "ghs_first", "expires_at": "2027-01-15T09:00:00Z"}, {})))
    script.on(PERMISSION, WRITE)
    assert await ask(github) is Permission.WRITE
    assert await ask(github) is Permission.WRITE
    assert len(script.of(TOKENS)) == 1


async def test_a_token_is_fetched_once_and_again_before_it_expires(github: GitHub, script: Any, clock: Any) -> None:
    expires = "2027-01-15T09:00:00Z"
    script.on(PERMISSION, WRITE)
    script.on(
        TOKENS,
        (201, {"token": "ghs_a", "expires_at": expires}, {}),
        (201, {"token": "ghs_b", "expires_at": expires}, {}),
    )
    await asyncio.gather(*(ask(github) for _ in range(8)))
    assert len(script.of(TOKENS)) == 1
    clock.seconds = 1_800_003_600.0 - 301
    await ask(github)
    assert len(script.of(TOKENS)) == 1
    clock.seconds += 2
    await ask(github)
    assert script.of(PERMISSION)[-1].headers["authorization"] == "Bearer ghs_b"


async def test_a_refused_token_is_renewed_once(github: GitHub, script: Any) -> None:
    token = {"token": "ghs_second", "expires_at": "2027-01-15T09:00:00Z"}
    script.on(TOKENS, (201, {**token, "token": "ghs_first"}, {}), (201, token, {}))
    script.on(PERMISSION, (401, {"message": "Bad credentials"}, {}), WRITE)
    assert await ask(github) is Permission.WRITE
    assert [each.headers["authorization"] for each in script.of(PERMISSION)] == [
        "Bearer ghs_first",
        "Bearer ghs_second",
    ]


async def test_a_credential_that_stays_refused_lets_work_wait(github: GitHub, by_token: GitHub, script: Any) -> None:
    script.on(PERMISSION, (401, {"message": "Bad credentials"}, {}))
    for adapter, tries in ((github, 2), (by_token, 3)):
        with pytest.raises(TemporaryError, match="Bad credentials; check the App's id") as error:
            await ask(adapter)
        assert error.value.delay == 60
        assert len(script.of(PERMISSION)) == tries


async def test_a_key_that_cannot_sign_is_told_without_quoting_it(script: Any, session: aiohttp.ClientSession) -> None:
    options = GitHubOptions(
        name="github", web_url="https://github.com", api_url=script.url, webhook_secret=b"s" * 32, app_id=1,
        private_key="-----BEGIN hunter2-----",
    )  # fmt: skip
    with pytest.raises(PermanentError, match="PEM file") as error:
        await ask(GitHub(options, session))
    assert "hunter2" not in str(error.value)
    assert script.asked == []


async def test_answers_are_revalidated(github: GitHub, script: Any) -> None:
    script.on(PERMISSION, (200, WRITE, {"ETag": '"v1"'}), (304, None, {"ETag": '"v1"'}))
    assert await ask(github) is Permission.WRITE
    assert await ask(github) is Permission.WRITE
    assert [each.headers.get("if-none-match") for each in script.of(PERMISSION)] == [None, '"v1"']


async def test_a_full_page_is_not_believed_to_be_the_last(github: GitHub, script: Any) -> None:
    members = "GET /orgs/acme/teams/sre/members"
    script.on("GET /app/installations", [{"id": 11, "account": {"login": "Acme"}}])

    def page(asked: Any) -> Any:
        if asked.query.get("page") == "2":
            return [{"id": 101}]
        if "if-none-match" in asked.headers:
            return 304, None, {}
        return 200, [{"id": each} for each in range(1, 101)], {"ETag": '"v"'}

    script.on(members, page)
    assert len(await github.members("acme/sre")) == 101
    assert len(await github.members("acme/sre")) == 101


async def test_pages_are_followed(github: GitHub, script: Any) -> None:
    script.on("GET /app/installations", [{"id": 11, "account": {"login": "Acme"}}])

    def page(asked: Any) -> Any:
        number = int(asked.query.get("page", "1"))
        more = f'<{script.url}/orgs/acme/teams/sre/members?per_page=100&page={number + 1}>; rel="next"'
        return 200, [{"id": number}], {"Link": more} if number < 3 else {}

    script.on("GET /orgs/acme/teams/sre/members", page)
    assert await github.members("acme/sre") == {1, 2, 3}
    asked = script.of("GET /orgs/acme/teams/sre/members")
    assert [each.headers["authorization"] for each in asked] == ["Bearer ghs_first"] * 3


@pytest.mark.parametrize("group", ["sre", "acme/", "/sre", "acme/sre/x", ""])
async def test_what_is_no_team_is_refused(github: GitHub, group: str) -> None:
    with pytest.raises(PermanentError, match="organisation/team"):
        await github.members(group)


@pytest.mark.parametrize("group", ["acme/nobody", "other/sre"])
async def test_a_team_that_is_not_there_is_an_error_and_not_empty(github: GitHub, script: Any, group: str) -> None:
    script.on("GET /app/installations", [{"id": 11, "account": {"login": "Acme"}}])
    with pytest.raises(PermanentError, match=r"404|not installed on other"):
        await github.members(group)


def told(error: BaseException) -> str:
    """All that a log would show of an error and of what it came from."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{error!r} {told(before) if before else ''}"


LIMITS = [
    ((429, {"message": "slow down"}, {"Retry-After": "40"}), 40),
    ((403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "40"}), 40),
    (
        (
            403,
            {"message": "API rate limit exceeded"},
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000040"},
        ),
        40,
    ),
    ((503, {"message": "maintenance"}, {"Retry-After": "40"}), 40),
]


@pytest.mark.parametrize(("answer", "delay"), LIMITS)
async def test_nothing_is_sent_before_a_limit_ends(
    github: GitHub, script: Any, clock: Any, answer: Any, delay: float
) -> None:
    script.on(PERMISSION, answer, WRITE)
    with pytest.raises(TemporaryError) as error:
        await ask(github)
    assert error.value.delay == delay
    clock.seconds += delay - 1
    with pytest.raises(TemporaryError, match="1 s are left"):
        await ask(github)
    assert len(script.of(PERMISSION)) == 1
    clock.seconds += 1
    assert await ask(github) is Permission.WRITE


async def test_a_limit_hit_again_holds_off_for_longer_until_something_works(
    github: GitHub, script: Any, clock: Any
) -> None:
    limit: Any = (429, {"message": "slow down"}, {})
    script.on(PERMISSION, limit, limit, WRITE, limit)

    async def held_off() -> float:
        with pytest.raises(TemporaryError) as error:
            await ask(github)
        clock.seconds += error.value.delay
        return error.value.delay

    assert [await held_off(), await held_off()] == [60, 120]
    assert await ask(github) is Permission.WRITE
    assert await held_off() == 60


async def test_a_quota_that_was_just_used_up_is_respected(github: GitHub, script: Any, clock: Any) -> None:
    script.on(PERMISSION, (200, WRITE, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000100"}))
    assert await ask(github) is Permission.WRITE
    with pytest.raises(TemporaryError, match="100 s"):
        await ask(github)
    assert len(script.of(PERMISSION)) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        ((500, {"message": "oops"}, {}), TemporaryError, "500 to GET /repos/acme/shop/.*: oops"),
        ((502, "<html>bad gateway</html>", {}), TemporaryError, "502"),
        ((200, "<html>please log in</html>", {}), TemporaryError, "could not be asked|unexpected"),
        ((200, "{", {"Content-Type": "application/json"}), TemporaryError, "JSONDecodeError"),
        ((200, [], {}), TemporaryError, "not an object"),
        ((403, {"message": "Resource not accessible by integration"}, {}), PermanentError, "not accessible"),
        ((422, {"message": "Validation Failed", "errors": [{"field": "body", "code": "too_long"}]}, {}), PermanentError,
         "422 .*Validation Failed; body too_long"),
        ((422, {"message": "No", "errors": ["plain\x1b[31m words"]}, {}), PermanentError, r"No; plain \[31m words"),
        ((422, [], {}), PermanentError, "422"),
        ((451, {"message": 5}, {}), PermanentError, "451"),
    ],
)  # fmt: skip
async def test_each_failure_has_its_type(github: GitHub, script: Any, answer: Any, kind: type, text: str) -> None:
    script.on(PERMISSION, answer)
    with pytest.raises(kind, match=text) as error:
        await ask(github)
    assert "ghs_first" not in told(error.value)


async def test_no_answer_is_temporary(github: GitHub, script: Any) -> None:
    script.on(PERMISSION, (0, script.lost, {}))
    with pytest.raises(TemporaryError, match=r"could not be asked GET /repos/acme/shop/.*: ServerDisconnectedError"):
        await ask(github)


async def test_a_host_that_is_down_is_temporary(
    session: aiohttp.ClientSession, unused_tcp_port_factory: Callable[[], int]
) -> None:
    options = GitHubOptions(
        name="github", web_url="https://github.com", api_url=f"http://127.0.0.1:{unused_tcp_port_factory()}",
        webhook_secret=b"s" * 32, token="ghp_person",
    )  # fmt: skip
    with pytest.raises(TemporaryError, match="ClientConnectorError") as error:
        await ask(GitHub(options, session))
    assert "ghp_person" not in told(error.value)


async def test_a_renamed_repository_is_followed_on_the_same_host(github: GitHub, script: Any) -> None:
    moved = "/repositories/7/collaborators/ana/permission"
    script.on(PERMISSION, (301, {"message": "Moved"}, {"Location": script.url + moved}))
    script.on(f"GET {moved}", WRITE)
    assert await ask(github) is Permission.WRITE


@pytest.mark.parametrize("where", ["https://evil.example/repos", "http://127.0.0.1:1/repos", "//evil.example/x"])
async def test_the_credential_never_goes_to_another_host(github: GitHub, script: Any, where: str) -> None:
    script.on(PERMISSION, (302, {}, {"Location": where}))
    with pytest.raises(PermanentError, match="not followed"):
        await ask(github)
    script.on("GET /app/installations", [{"id": 11, "account": {"login": "Acme"}}])
    script.on("GET /orgs/acme/teams/sre/members", (200, [{"id": 1}], {"Link": '<https://evil.example/2>; rel="next"'}))
    with pytest.raises(PermanentError, match="not followed"):
        await github.members("acme/sre")


async def test_redirects_end(github: GitHub, script: Any) -> None:
    script.on(PERMISSION, (307, {}, {"Location": PERMISSION.partition(" ")[2]}))
    with pytest.raises(PermanentError, match="more than 3 times"):
        await ask(github)
    assert len(script.of(PERMISSION)) == 4


async def test_what_was_created_with_a_location_is_not_created_again(
    script: Any, session: aiohttp.ClientSession
) -> None:
    script.on("POST /new", (201, {"id": 1}, {"Location": f"{script.url}/new"}))
    assert await Transport(session, script.url).post("/new", data={"body": "x"}) == {"id": 1}
    assert len(script.of("POST /new")) == 1


async def test_a_write_that_is_redirected_stays_a_write(script: Any, session: aiohttp.ClientSession) -> None:
    script.on("POST /old", (301, {}, {"Location": f"{script.url}/new"}))
    script.on("POST /new", (201, {"id": 1}, {}))
    assert await Transport(session, script.url).post("/old", data={"body": "x"}) == {"id": 1}
    assert script.of("POST /new")[0].body == {"body": "x"}


@pytest.mark.parametrize(
    "path", ["", "acme", "acme/shop/../../user", "../user", "acme/shop?x=1", "acme/sh op", "ac{me/x}"]
)
async def test_a_path_that_is_none_is_never_asked_for(github: GitHub, script: Any, path: str) -> None:
    with pytest.raises(PermanentError, match="not a repository's path"):
        await github.remote(RepositoryId(forge="github", number=7, path=path))
    assert script.asked == []
