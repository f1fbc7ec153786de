"""The API on check runs and commit statuses.

https://docs.github.com/en/rest/checks/runs; sizes as GitHub enforces them: a summary or text of more than 65,535
characters is refused, and a text of more than 65,535 bytes is cut without a word.
"""

from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.localforge.api.exchange import actor, body, core, number, page, repository, text
from bot.localforge.core import Core
from bot.localforge.errors import ApiError, invalid, missing
from bot.localforge.events import tell_check_run
from bot.localforge.merge_queue import checked
from bot.localforge.rows import CheckRun, Repository, Status
from bot.localforge.shapes.forge import check_run_json, repository_json, status_json

__all__ = ["rerequest", "routes"]

routes = web.RouteTableDef()
HERE = "/repos/{owner}/{name}"
ONE = HERE + r"/check-runs/{number:\d+}"
STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out")
LEVELS = ("notice", "warning", "failure")
OUTPUT_LIMIT, ANNOTATION_LIMIT, DESCRIPTION_LIMIT = 65535, 50, 140


def _output(sent: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    wanted = sent.get("output")
    if wanted is None:
        return old
    if not isinstance(wanted, dict):
        raise invalid("CheckRun", "output")
    made: dict[str, Any] = {"title": text(wanted, "CheckRun", "title"), "summary": text(wanted, "CheckRun", "summary")}
    words = text(wanted, "CheckRun", "text", "")
    for field, value in (("summary", made["summary"]), ("text", words)):
        if len(value.encode("utf-16-le")) // 2 > OUTPUT_LIMIT:
            raise invalid(
                "CheckRun", field, message=f"Only {OUTPUT_LIMIT} characters are allowed; {len(value)} were supplied."
            )
    if len(made["summary"].encode()) > OUTPUT_LIMIT:
        raise invalid("CheckRun", "summary", message=f"Only {OUTPUT_LIMIT} bytes are allowed.")
    cut = words.encode()[:OUTPUT_LIMIT].decode(errors="ignore")
    added = wanted.get("annotations") or []
    _check_annotations(added)
    # Annotations of later requests join those of earlier ones; everything else of the output is replaced.
    return {**made, "text": cut or None, "annotations": [*old.get("annotations", []), *added]}


def _check_annotations(added: Any) -> None:
    if not isinstance(added, list) or len(added) > ANNOTATION_LIMIT:
        raise ApiError(422, f"Invalid request.\n\nNo more than {ANNOTATION_LIMIT} items are allowed in annotations.")
    for each in added:
        required = ("path", "start_line", "end_line", "annotation_level", "message")
        absent = [name for name in required if not isinstance(each, dict) or each.get(name) in (None, "")]
        if absent:
            raise invalid("CheckAnnotation", absent[0], "missing_field")
        if each["annotation_level"] not in LEVELS:
            raise invalid("CheckAnnotation", "annotation_level")
        for name in ("start_line", "end_line"):
            if not isinstance(each[name], int) or each[name] < 1:
                raise invalid("CheckAnnotation", name)


def _progress(core: Core, sent: dict[str, Any], old: CheckRun | None) -> tuple[str, str | None, str | None]:
    conclusion = sent.get("conclusion")
    status = text(sent, "CheckRun", "status", "completed" if conclusion else old.status if old else "queued")
    if status not in STATUSES:
        raise invalid("CheckRun", "status")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion")
    if status != "completed":
        return status, None, None
    if conclusion is None and (old is None or old.conclusion is None):
        raise invalid("CheckRun", "conclusion", "missing_field")
    return status, conclusion or (old.conclusion if old else None), text(sent, "CheckRun", "completed_at", core.now())


@routes.post(HERE + "/check-runs")
async def create_check_run(request: web.Request) -> web.Response:
    """Begin a check run; only Apps may."""
    found = repository(request)
    if actor(request).kind != "installation":
        raise ApiError(403, "You must authenticate via a GitHub App.")
    sent, forge = await body(request), core(request)
    sha = text(sent, "CheckRun", "head_sha")
    if len(sha) != 40 or await (await forge.git(found)).resolve(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    status, conclusion, completed = _progress(forge, sent, None)
    run = CheckRun(
        id=forge.state.next_id(),
        repository=found.id,
        head_sha=sha,
        name=text(sent, "CheckRun", "name"),
        status=status,
        conclusion=conclusion,
        started_at=text(sent, "CheckRun", "started_at", forge.now()),
        completed_at=completed,
        details_url=text(sent, "CheckRun", "details_url", ""),
        external_id=text(sent, "CheckRun", "external_id", ""),
        output=_output(sent, {}),
    )
    forge.state.check_runs.put(run)
    tell_check_run(forge, run, forge.bot, "created")
    if status == "completed":
        tell_check_run(forge, run, forge.bot, "completed")
        await checked(forge, run)
    return web.json_response(check_run_json(forge, run), status=201)


def _run(request: web.Request, found: Repository) -> CheckRun:
    run = core(request).state.check_runs.get(number(request))
    if run is None or run.repository != found.id:
        raise missing()
    return run


@routes.patch(ONE)
async def update_check_run(request: web.Request) -> web.Response:
    """Go on with a check run; annotations are added, the rest is replaced."""
    old = _run(request, repository(request))
    if actor(request).kind != "installation":
        raise ApiError(403, "You must authenticate via a GitHub App.")
    sent, forge = await body(request), core(request)
    status, conclusion, completed = _progress(forge, sent, old)
    run = replace(
        old,
        name=text(sent, "CheckRun", "name", old.name),
        status=status,
        conclusion=conclusion,
        completed_at=completed,
        details_url=text(sent, "CheckRun", "details_url", old.details_url),
        external_id=text(sent, "CheckRun", "external_id", old.external_id),
        output=_output(sent, old.output),
        asked=False,
    )
    forge.state.check_runs.put(run)
    if status == "completed" and old.status != "completed":
        tell_check_run(forge, run, forge.bot, "completed")
        await checked(forge, run)
    return web.json_response(check_run_json(forge, run))


@routes.get(ONE)
async def get_check_run(request: web.Request) -> web.Response:
    """One check run."""
    return web.json_response(check_run_json(core(request), _run(request, repository(request))))


@routes.get(ONE + "/annotations")
async def get_annotations(request: web.Request) -> web.Response:
    """The annotations of a check run."""
    return page(request, _run(request, repository(request)).output.get("annotations", []), lambda each: each)


@routes.post(ONE + "/rerequest")
async def rerequest_check_run(request: web.Request) -> web.Response:
    """Ask the App to look again."""
    await rerequest(core(request), _run(request, repository(request)), actor(request).account.id)
    return web.json_response({}, status=201)


async def rerequest(core: Core, run: CheckRun, account: int) -> None:
    """Tell the App that somebody wants this check again. ApiError 403: without write access."""
    who, repository = core.known(account), core.state.repositories[run.repository]
    core.require(repository, who, "write")
    branches = (await core.git(repository)).branches
    branch = next((name for name, sha in branches.items() if sha == run.head_sha), None)
    tell_check_run(core, core.state.check_runs.put(replace(run, asked=True)), who, "rerequested", branch)


@routes.get(HERE + "/commits/{ref}/check-runs")
async def list_check_runs(request: web.Request) -> web.Response:
    """The check runs of a commit or branch; `filter=latest` (the default) keeps the newest of each name."""
    found, forge, query = repository(request), core(request), request.query
    sha = await (await forge.git(found)).resolve(request.match_info["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {request.match_info['ref']}")
    runs = [
        each
        for each in forge.state.check_runs
        if each.repository == found.id
        and each.head_sha == sha
        and query.get("check_name", each.name) == each.name
        and query.get("status", each.status) == each.status
    ]
    if query.get("filter", "latest") == "latest":
        runs = list({each.name: each for each in runs}.values())
    return page(request, runs[::-1], lambda each: check_run_json(forge, each), "check_runs")


@routes.post(HERE + "/statuses/{sha}")
async def create_status(request: web.Request) -> web.Response:
    """Set a commit status."""
    found, sent, forge = repository(request, "write"), await body(request), core(request)
    sha = await (await forge.git(found)).resolve(request.match_info["sha"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {request.match_info['sha']}")
    state, description = text(sent, "Status", "state"), text(sent, "Status", "description", "")
    if state not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state")
    if len(description) > DESCRIPTION_LIMIT:
        raise invalid(
            "Status", "description", message=f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        )
    status = Status(
        id=forge.state.next_id(),
        repository=found.id,
        sha=sha,
        account=actor(request).account.id,
        state=state,
        context=text(sent, "Status", "context", "default"),
        description=description,
        target_url=text(sent, "Status", "target_url", ""),
        created_at=forge.now(),
    )
    return web.json_response(status_json(forge, forge.state.statuses.put(status)), status=201)


@routes.get(HERE + "/commits/{ref}/status")
async def combined_status(request: web.Request) -> web.Response:
    """The newest status of each context, and what they come to."""
    found, forge = repository(request), core(request)
    sha = await (await forge.git(found)).resolve(request.match_info["ref"])
    if sha is None:
        raise missing()
    newest = {each.context: each for each in forge.state.statuses if (each.repository, each.sha) == (found.id, sha)}
    states = {each.state for each in newest.values()}
    state = "failure" if states & {"error", "failure"} else "success" if states == {"success"} else "pending"
    shown = [status_json(forge, each) for each in newest.values()]
    answer = {"state": state, "sha": sha, "total_count": len(shown), "statuses": shown}
    return web.json_response(answer | {"repository": repository_json(forge, found)})
