"""The check `tidegate` on a commit: a check run where an App speaks, a commit status where a person's token does.

https://docs.github.com/en/rest/checks/runs and https://docs.github.com/en/rest/commits/statuses
"""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Any

from bot.forge.github.client import Client
from bot.forge.github.clip import clip
from bot.forge.github.faults import NotFound
from bot.forge.github.shape import integer, mapping, optional_mapping
from bot.model.forge import Limits
from bot.model.noun import Json
from bot.model.report import Annotation, CheckReport, PostedCheck

__all__ = ["NAME", "digest_of", "post_run", "post_status"]

NAME = "tidegate"
TITLE = 250
DESCRIPTION = 140
MESSAGE_BYTES = 64_000


def digest_of(check: CheckReport) -> str:
    """A hash of everything but the annotations, a dot, and a hash of those ("" of none)."""
    content = asdict(check)
    marks = content.pop("annotations")
    return f"{hashed(content)}.{hashed(marks) if marks else ''}"


def hashed(value: Any) -> str:
    """SHA-256 of the value's JSON, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


async def post_run(
    client: Client, repo: str, app_id: int, check: CheckReport, posted: PostedCheck | None, limits: Limits
) -> AsyncIterator[PostedCheck]:
    """Create or update the check run; yields what is posted after every write (the digest when all is).

    GitHub adds the annotations of an update to those that are there and never removes one. So a run is updated only if
    its annotations stay right; else a new one of the same name takes its place, which is what GitHub then shows.
    """
    digest = digest_of(check)
    if posted is not None and posted.digest == digest and posted.id:
        return
    if posted is not None and posted.id == 0:
        posted = await existing(client, repo, app_id, check)
    marks = [annotation(each) for each in check.annotations if each.path]
    had = posted.digest.partition(".")[2] if posted and "." in posted.digest else None
    same = bool(had) and had == digest.partition(".")[2]
    body, batches = content(check, limits), batched([] if same else marks, limits)
    id = posted.id if posted is not None and (same or had == "") else 0
    if not id or not await update(client, repo, id, with_annotations(body, batches[0])):
        batches = batched(marks, limits)
        id = await create(client, repo, check, with_annotations(body, batches[0]))
    for batch in batches[1:]:
        yield PostedCheck(id=id, digest="")
        path = "/repos/{+repo}/check-runs/{id}"
        await client.patch(path, {"output": with_annotations(body, batch)["output"]}, repo=repo, id=id)
    yield PostedCheck(id=id, digest=digest)


def batched(marks: Sequence[Json], limits: Limits) -> list[Sequence[Json]]:
    """The annotations of each write; the first is made in any case."""
    return [marks[i : i + limits.annotations] for i in range(0, len(marks), limits.annotations)] or [[]]


async def update(client: Client, repo: str, id: int, body: Json) -> bool:
    """Update the run; False: it is gone."""
    try:
        await client.patch("/repos/{+repo}/check-runs/{id}", body, repo=repo, id=id)
    except NotFound:
        return False
    return True


async def create(client: Client, repo: str, check: CheckReport, body: Json) -> int:
    """Create the run; its id."""
    return integer(await client.post("/repos/{+repo}/check-runs", {**body, "head_sha": check.head}, repo=repo), "id")


async def existing(client: Client, repo: str, app_id: int, check: CheckReport) -> PostedCheck | None:
    """Our own newest run on the commit, when the answer to its creation may have been lost.

    Its digest says no more than whether it has annotations, so that it is written anew.
    """
    path = f"/repos/{{+repo}}/commits/{{sha}}/check-runs?check_name={NAME}&filter=latest"
    async for run in client.pages(path, "check_runs", repo=repo, sha=check.head):
        app = optional_mapping(run, "app")
        if app is not None and app.get("id") == app_id:
            marked = mapping(run, "output").get("annotations_count") != 0
            return PostedCheck(id=integer(run, "id"), digest="" if marked else ".")
    return None


def content(check: CheckReport, limits: Limits) -> Json:
    """The run's fields as the API takes them, within its limits."""
    state = {"status": "in_progress"}
    if check.conclusion is not None:
        state = {"status": "completed", "conclusion": check.conclusion}
    output = {"title": check.title[:TITLE], "summary": clip(check.summary, limits.check_text)}
    if check.text:
        output["text"] = clip(check.text, limits.check_text)
    link = {"details_url": check.url} if check.url else {}
    return {"name": NAME, **state, **link, "output": output}


def with_annotations(body: Json, annotations: Sequence[Json]) -> Json:
    """The same with annotations in its output."""
    return {**body, "output": {**body["output"], "annotations": list(annotations)}} if annotations else body


def annotation(value: Annotation) -> Json:
    """An annotation as the API takes it; GitHub counts lines from 1."""
    line = max(value.line, 1)
    return {
        "path": value.path,
        "start_line": line,
        "end_line": line,
        "annotation_level": value.level,
        "title": value.title[:TITLE],
        "message": clip(value.message or value.title, MESSAGE_BYTES),
    }


async def post_status(
    client: Client, repo: str, check: CheckReport, posted: PostedCheck | None
) -> AsyncIterator[PostedCheck]:
    """Add a commit status, of which the newest per context counts. A person's token may not write check runs."""
    digest = digest_of(check)
    if posted is not None and posted.digest == digest and posted.id:
        return
    title = check.title if len(check.title) <= DESCRIPTION else check.title[: DESCRIPTION - 1] + "…"
    body = {"state": check.conclusion or "pending", "context": NAME, "description": title}
    if check.url:
        body["target_url"] = check.url
    created = await client.post("/repos/{+repo}/statuses/{sha}", body, repo=repo, sha=check.head)
    yield PostedCheck(id=integer(created, "id"), digest=digest)
