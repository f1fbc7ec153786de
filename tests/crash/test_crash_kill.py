"""kill -9 in rounds, while signed deliveries arrive and applies run.

The oracle is the folders and the forge's own record: nothing that was acknowledged is lost, no outcome is told twice,
and every environment ends at the state of the branch. The server's database is looked at only to tell whether a kill
met unfinished work, and in which phase.
"""

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
import yaml

from bot.cli.demo.stage import Stage, put_up
from bot.cli.demo.walk.browser import Broken, eventually
from tests.support.people import People

ROUNDS = 50
PHASES = 5
LONGEST = 2.5
KILLS_A_PULL_REQUEST = 2
BEFORE_IT_IS_UP = 0.1


UNFINISHED = {
    "applying": "select count(*) from journal where state = 'began'",
    "an outcome owed": "select count(*) from outcomes o join posted p on o.thread = p.thread"
    " where instr(p.value, o.key) = 0",
    "a command taken, not answered": "select count(*) from commands where state = 'new'",
    "a plan made, not posted": "select count(*) from plans where published_at is null",
}


def phase(database: Path) -> str:
    """What was unfinished when the server died; "" if nothing was."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        held = [kind for (kind,) in connection.execute("select kind from queue where owner != '' order by kind")]
        waiting = [kind for (kind,) in connection.execute("select kind from queue where wanted > done and owner = ''")]
        for name, query in UNFINISHED.items():
            if (held or waiting) and connection.execute(query).fetchone()[0]:
                return name
    if held:
        return "working on " + " and ".join(sorted(set(held)))
    return "stored, not taken: " + " and ".join(sorted(set(waiting))) if waiting else ""


async def round_of_work(people: People, number: int) -> None:
    """A pull request for dev (and, every fifth time, staging), commented on and merged."""
    edits = [("envs/dev/config.yaml", current(people, "dev"), f"ROUND: r{number}")]
    if number % 5 == 0:
        edits.append(("envs/staging/config.yaml", current(people, "staging"), f"ROUND: r{number}"))
    pull = await people.change(*edits, title=f"round {number}")
    await people.developer.comment(pull, "/gate status")
    await people.comment_says(pull, "dev")
    if number % 5 == 0:
        await people.approver.answer(pull, "/gate approve staging")
        await people.comment_says(pull, "Approved: staging")
    await people.merge(pull)
    for name, _, new in edits:
        people.memory[name.split("/")[1]] = new


def current(people: People, name: str) -> str:
    """The line that the last round wrote."""
    return people.memory.get(name, "CURRENCY: EUR")


async def up(stage: Stage) -> bool:
    """Whether the server answers."""
    async with stage.session.get(f"{stage.place.tidegate}/healthz") as answer:
        return answer.status == 200


async def kill_sometime(stage: Stage, seen: Counter[str]) -> None:
    """Kill the server a random while after it came up (now and then: before), and note what it was doing."""
    if random.random() > BEFORE_IT_IS_UP:
        await eventually(lambda: up(stage), "the server did not come back")
    await asyncio.sleep(random.uniform(0, LONGEST))
    with contextlib.suppress(ProcessLookupError, FileNotFoundError, ValueError):
        stage.place.kill()
        if found := phase(stage.place.pid_file.parent / "tidegate.db"):
            seen[found] += 1


@pytest.mark.timeout(1500)
@pytest.mark.usefixtures("servers")
async def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    random.seed(seed)
    seen: Counter[str] = Counter()
    pulls = 0
    async with put_up(tmp_path, None, 0, lambda _: None) as stage:
        await stage.install()
        people = People(stage)
        while sum(seen.values()) < ROUNDS:
            pulls += 1
            work = asyncio.create_task(round_of_work(people, pulls))
            for _ in range(KILLS_A_PULL_REQUEST):
                await kill_sometime(stage, seen)
            await work
        await at_rest(stage, people)
        await nothing_doubled(people)
    print(f"seed {seed}: {sum(seen.values())} kills that met unfinished work, {pulls} pull requests")
    for name, count in seen.most_common():
        print(f"  {count:3} {name}")
    assert len(seen) >= PHASES, seen


async def at_rest(stage: Stage, people: People) -> None:
    """Every environment holds exactly what the branch says."""
    for target in stage.place.folders:
        wanted: dict[tuple[str, str], object] = {}
        for path in await people.developer.files("main"):
            if path.startswith(f"envs/{target}/"):
                text, _ = await people.developer.read(path, "main")
                wanted |= {(d["kind"], d["metadata"]["name"]): d for d in yaml.safe_load_all(text)}

        async def equal(target: str = target, wanted: dict[tuple[str, str], object] = wanted) -> bool:
            found = [yaml.safe_load(text) for text in stage.place.objects(target).values()]
            return {(d["kind"], d["metadata"]["name"]): d for d in found} == wanted

        await eventually(equal, f"{target} did not come to the state of the branch")


async def nothing_doubled(people: People) -> None:
    """Every acknowledged command was seen, every pull request has one plan, every outcome was told once."""

    async def settled() -> bool:
        record = await people.record()
        commands = {each["id"] for each in record["comments"] if each["body"].startswith("/gate")}
        return commands <= {each["comment"] for each in record["reactions"]}

    with contextlib.suppress(Broken):
        await eventually(settled, "a command was never acknowledged")
    assert await settled()
    record = await people.record()
    live = [each for each in record["comments"] if each["login"].endswith("[bot]") and not each["deleted_at"]]
    first = Counter((each["number"], each["body"].splitlines()[0]) for each in live)
    assert {key: count for key, count in first.items() if count > 1} == {}
    told = [body for body in (each["body"] for each in live) if "is at" in body.splitlines()[1]]
    assert told
