"""Rights: what strangers and people without the right role are refused, and what a fork may not do by itself."""

from dataclasses import replace

import pytest

from bot.cli.demo.stage import Stage
from bot.cli.demo.walk.browser import Account
from tests.support.people import People

pytestmark = pytest.mark.timeout(180)

STAGING = "envs/staging/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"


def stranger(stage: Stage) -> Account:
    """Somebody with an account and no role here."""
    stage.forge.add_user("eve", "Eve Elsewhere", "eve@example.org")
    stage.tokens["eve"] = stage.forge.token("eve")
    return stage.account("eve")


async def test_who_may_not_is_refused_aloud(people: People, stage: Stage) -> None:
    eve = stranger(stage)
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await eve.answer(number, "/gate plan")
    await people.comment_says(number, "This needs write access to the repository, which eve does not have")
    for verb, environment, who, whom in (
        ("hold", "staging", eve, "everyone with write access"),
        ("release", "staging", eve, "everyone with write access"),
        ("hold", "prod", people.developer, "team:acme/sre"),
        ("release", "prod", people.developer, "team:acme/sre"),
    ):
        text = f"/gate {verb} {environment} because"
        await who.answer(number, text)
        body = await people.comment_says(number, text)
        assert f"{environment}: this is for {whom}" in body.replace("`", "")
        assert not (await people.page(environment))["held"]
    await people.merge(number)
    await people.comment_says(number, "was merged into", "0 of 1")
    await eve.answer(number, "/gate apply staging")
    await people.comment_says(number, "/gate apply staging", "which eve does not have", absent=("Asked for",))


async def fork(stage: Stage, repository: str) -> Account:
    """The stranger, at their own fork of a repository."""
    eve = stranger(stage)
    there = Account(eve.session, replace(stage.place, repository=repository), eve.login, stage.tokens["eve"])
    await there.call("POST", "/forks")
    place = replace(stage.place, repository=f"eve/{repository.partition('/')[2]}")
    return Account(eve.session, place, eve.login, stage.tokens["eve"])


async def test_a_change_from_a_fork_is_planned_for_one_commit_when_a_writer_says_so(
    people: People, stage: Stage
) -> None:
    theirs = await fork(stage, stage.place.repository)
    await theirs.branch("topic", "main")
    text, _ = await theirs.read(STAGING, "topic")
    await theirs.write(STAGING, text.replace(OLD, NEW), "topic", "theirs")
    # GitHub may come to know a fork's commit only after it told of it
    early = {"on": "api", "kind": "status", "status": 422, "method": "POST", "path": "/repos/.*/check-runs", "times": 2}
    stage.forge.add_faults([early])
    number = await stage.account("eve").propose("from a fork", "eve:topic")
    await people.comment_says(number, "fork", absent=(NEW,))
    await people.check_is(number, "failure")
    head = (await people.developer.call("GET", f"/pulls/{number}"))["head"]["sha"]
    await stage.account("eve").answer(number, f"/gate plan {head}")
    await people.comment_says(number, "which eve does not have", absent=(NEW,))
    await people.developer.answer(number, "/gate plan")
    await people.comment_says(number, "one commit at a time", absent=(NEW,))
    await people.developer.answer(number, f"/gate plan {head}")
    await people.comment_says(number, NEW, "0 of 1")
    await theirs.write(STAGING, text.replace(OLD, "web:evil"), "topic", "another one")
    await people.comment_says(number, "fork", absent=(NEW, "web:evil"))
    await people.check_again(number)


async def second_repository(stage: Stage) -> Account:
    """The developer, at a repository that the server does not know before it is started again."""
    stage.forge.add_faults([{"on": "webhook", "event": "installation_repositories", "kind": "lost"}])
    await stage.forge.add_repository("acme/second", None, None)
    stage.forge.permit("acme/second", "bo", "write")
    place = replace(stage.place, repository="acme/second")
    developer = Account(stage.session, place, "bo", stage.tokens["bo"])
    await developer.write("README.md", "second\n", "main", "first")
    return developer


async def test_what_was_written_before_a_repository_was_adopted_is_not_obeyed(people: People, stage: Stage) -> None:
    developer = await second_repository(stage)
    await developer.branch("topic", "main")
    await developer.write("README.md", "changed\n", "topic", "change")
    number = await developer.propose("change", "topic")
    stage.forge.add_faults([{"on": "webhook", "event": "issue_comment", "kind": "lost"}])
    await developer.comment(number, "/gate help")
    await stage.forge.idle()
    stage.place.kill()
    second = People(stage)
    second.developer = developer
    await second.comment_says(number, "no environment")
    await developer.answer(number, "/gate status")
    await second.comment_says(number, "`bo` `/gate status`", absent=("/gate help",))


async def test_a_first_configuration_by_a_stranger_is_not_previewed(people: People, stage: Stage) -> None:
    developer = await second_repository(stage)
    stage.place.kill()
    theirs = await fork(stage, "acme/second")
    await theirs.branch("topic", "main")
    text, _ = await people.developer.read("tidegate.yaml", "main")
    await theirs.write("tidegate.yaml", text, "topic", "configure")
    for path in await people.developer.files("main"):
        if path.startswith("envs/"):
            await theirs.write(path, (await people.developer.read(path, "main"))[0], "topic", path)
    eve = Account(theirs.session, developer.place, "eve", stage.tokens["eve"])
    number = await eve.propose("configure", "eve:topic")
    second = People(stage)
    second.developer = developer
    await second.comment_says(number, "fork")
    head = (await developer.call("GET", f"/pulls/{number}"))["head"]["sha"]
    await developer.answer(number, f"/gate plan {head}")
    body = await second.comment_says(number, "Planned again", "Affects no environment")
    assert "staging" not in body


async def test_a_rule_is_loosened_by_those_whom_it_asks(people: People, stage: Stage) -> None:
    text, _ = await people.developer.read("tidegate.yaml", "main")
    staging = text[text.index("  staging:") : text.index("  prod:")]
    first = await people.change(("tidegate.yaml", staging, staging.replace("count: 1", "count: 0")))
    await people.check_is(first, "success")
    merge = await people.merge(first)
    await people.page_says("staging", lambda page: page["revision"] == merge)
    second = await people.change((STAGING, OLD, NEW))
    await people.comment_says(second, "1 changed")
    merge = await people.merge(second)
    await people.page_says("staging", lambda page: "0 of 1" in page["reason"] or page["revision"] == merge)
    assert not any(NEW in each for each in stage.place.objects("staging").values())
