"""Who gets in: App JWTs, installation tokens, personal tokens."""

from typing import Any

import jwt
import pytest

from tests.unit.localforge.forge_world import World


async def test_the_app_names_itself(world: World) -> None:
    app = await world.client(f"Bearer {world.jwt()}").ok("GET", "/app")
    assert (app["id"], app["slug"]) == (world.forge.app_id, "tidegate")


@pytest.mark.parametrize(
    "changes",
    [{"exp": 0}, {"exp": 2**33}, {"iat": 2**33}, {"iss": "7"}, {"exp": "soon"}],
    ids=["expired", "too far", "from the future", "another app", "no number"],
)
async def test_a_bad_jwt_is_refused(world: World, changes: dict[str, Any]) -> None:
    answer = await world.client(f"Bearer {world.jwt(**changes)}")("GET", "/app")
    assert answer.status == 401


async def test_a_jwt_of_another_key_is_refused(world: World) -> None:
    forged = jwt.encode({"iss": str(world.forge.app_id), "iat": 0, "exp": 2**31}, "x" * 32, "HS256")
    assert (await world.client(f"Bearer {forged}")("GET", "/app")).status == 401
    header, claims, signature = world.jwt().split(".")
    flipped = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    assert (await world.client(f"Bearer {header}.{claims}.{flipped}")("GET", "/app")).status == 401


async def test_a_jwt_opens_no_repository(world: World) -> None:
    assert (await world.client(f"Bearer {world.jwt()}")("GET", world.repo)).status == 401


async def test_a_person_is_no_app(world: World) -> None:
    assert (await world.dana("GET", "/app")).status == 401
    assert (await world.dana("GET", "/installation/repositories")).status == 403


async def test_installation_tokens_end_after_an_hour(world: World) -> None:
    found = await world.app.ok("GET", "/installation/repositories")
    assert [each["full_name"] for each in found["repositories"]] == ["acme/shop"]
    world.clock.forward(minutes=59)
    assert (await world.app("GET", world.repo)).status == 200
    world.clock.forward(minutes=1)
    answer = await world.app("GET", world.repo)
    assert (answer.status, answer.json["message"]) == (401, "Bad credentials")


async def test_a_token_for_some_repositories_sees_only_those(world: World) -> None:
    await world.forge.add_repository("acme/other", private=True)
    id = await world.installation()
    app = world.client(f"Bearer {world.jwt()}")
    path = f"/app/installations/{id}/access_tokens"
    narrow = world.client(f"Bearer {(await app.ok('POST', path, {'repositories': ['shop']}))['token']}")
    assert (await narrow("GET", world.repo)).status == 200
    assert (await narrow("GET", "/repos/acme/other")).status == 404
    assert (await world.app("GET", "/repos/acme/other")).status == 200
    assert (await app("POST", path, {"repositories": ["nope"]})).status == 422


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "token ghs_0", "Basic ZGFuYTo=", "Bearer a.b.c"])
async def test_no_or_unknown_credentials(world: World, authorization: str) -> None:
    answer = await world.client(authorization)("GET", world.repo)
    assert answer.status == 401
    assert set(answer.json) >= {"message", "documentation_url"}


async def test_private_repositories_are_not_there_for_others(world: World) -> None:
    await world.forge.add_repository("acme/hidden", private=True)
    assert (await world.stranger("GET", "/repos/acme/hidden")).status == 404
    world.forge.permit("acme/hidden", "stranger", "read")
    assert (await world.stranger("GET", "/repos/acme/hidden")).status == 200


async def test_permissions(world: World) -> None:
    path = f"{world.repo}/collaborators"
    dana = await world.app.ok("GET", f"{path}/dana/permission")
    assert (dana["permission"], dana["role_name"], dana["user"]["login"]) == ("write", "write", "dana")
    world.forge.permit("acme/shop", "dana", "maintain")
    dana = await world.app.ok("GET", f"{path}/dana/permission")
    assert (dana["permission"], dana["role_name"]) == ("write", "maintain")
    assert (await world.app.ok("GET", f"{path}/stranger/permission"))["permission"] == "read"
    assert (await world.app("GET", f"{path}/nobody/permission")).status == 404


async def test_team_members_are_for_the_organization(world: World) -> None:
    members = await world.app.ok("GET", "/orgs/acme/teams/sre/members")
    assert [each["login"] for each in members] == ["olga"]
    assert (await world.stranger("GET", "/orgs/acme/teams/sre/members")).status == 404
    assert (await world.app("GET", "/orgs/acme/teams/nope/members")).status == 404


async def test_users_and_their_repositories(world: World) -> None:
    assert (await world.dana.ok("GET", "/user"))["type"] == "User"
    assert [each["name"] for each in await world.dana.ok("GET", "/user/repos")] == ["shop"]
    assert await world.stranger.ok("GET", "/user/repos") == []
    assert (await world.app("GET", "/user")).status == 403
    bot = await world.app.ok("GET", "/users/tidegate[bot]")
    assert bot["type"] == "Bot"
    shop = await world.dana.ok("GET", world.repo)
    assert (await world.dana.ok("GET", f"/repositories/{shop['id']}"))["full_name"] == "acme/shop"
