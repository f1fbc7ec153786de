"""Webhook payload → `Delivery`: what to look at, and the text of a remark that was just written. Pure and tolerant.

A payload is a hint, so nothing else is taken from it. Events and fields that are not known here change nothing.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import RefusedError
from bot.forge.github import facts
from bot.forge.github.options import GitHubOptions
from bot.forge.github.shape import ShapeError, integer, items, mapping, optional_mapping, sha
from bot.forge.github.signature import sole, verify
from bot.model.forge import Delivery, Remark
from bot.model.identity import Key, PullRequestId, RepositoryId, Wake
from bot.model.noun import Json, Sha, noun

__all__ = ["BODY_BYTES", "receive"]

BODY_BYTES = 25 * 1024 * 1024
"""GitHub sends no payload above 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


@noun
class Event:
    """A payload with what is needed to read it: the forge's name, and our account's id where it is known."""

    forge: str
    payload: Json
    own: int | None

    @property
    def action(self) -> str:
        """What happened, in a form that is safe to log; "" where there is none."""
        value = self.payload.get("action")
        return value if isinstance(value, str) and NAME.fullmatch(value) else ""

    @property
    def repository(self) -> RepositoryId:
        """Where it happened. ShapeError: the payload does not say."""
        return facts.repository_id(self.forge, mapping(self.payload, "repository"))


ECHOES = ("issue_comment", "pull_request_review")


def is_echo(name: str, event: Event) -> bool:
    """Whether the event only tells what we did ourselves: to look again for it would never end."""
    sender = optional_mapping(event.payload, "sender") or {}
    return name in ECHOES and event.own is not None and sender.get("id") == event.own


@noun
class Effect:
    """What an event asks for: keys to look at, the remark with its thread if one was just written, a check's commit."""

    keys: tuple[Key, ...] = ()
    remark: Remark | None = None
    thread: PullRequestId | None = None
    again: Sha | None = None


def receive(options: GitHubOptions, headers: Mapping[str, str], body: bytes, own: int | None = None) -> Delivery:
    """Verify and decode one webhook; `own` is our account's id where it is known.

    RefusedError: 413 too large, 401 not signed with the secret, 400 not what GitHub sends.
    """
    if len(body) > BODY_BYTES:
        raise RefusedError(413, f"the body is larger than {BODY_BYTES} bytes")
    verify(options.webhook_secret, headers, body)
    name, id = required(headers, "X-GitHub-Event"), required(headers, "X-GitHub-Delivery")
    event = Event(forge=options.name, payload=decode(body), own=own)
    decoder = DECODERS.get(name)
    if for_another_app(options, headers) or is_echo(name, event):
        return Delivery(id=id, event=name)
    try:
        effect = decoder(event) if decoder else Effect()
    except ShapeError as error:
        raise RefusedError(400, f"a {name} event in which {error.problem}") from None
    reason = " ".join(filter(None, (name, event.action)))
    wakes = tuple(Wake(key=key, reason=reason) for key in dict.fromkeys(effect.keys))
    return Delivery(
        id=id, event=name, wakes=wakes, remark=effect.remark, thread=effect.thread, again=effect.again,
        reach=name in REACH,
    )  # fmt: skip


def required(headers: Mapping[str, str], name: str) -> str:
    """A header without which a delivery can be neither understood nor told apart from another."""
    value = sole(headers, name)
    if value is None or not NAME.fullmatch(value):
        raise RefusedError(400, f"no usable {name} header")
    return value


def decode(body: bytes) -> Json:
    """The body's JSON object. RefusedError 400: anything else, also nesting that no parser should follow."""
    try:
        value: Any = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        hint = "; set the hook's content type to application/json" if body.startswith(b"payload=") else ""
        raise RefusedError(400, f"the body is not JSON in UTF-8{hint}") from None
    if not isinstance(value, dict):
        raise RefusedError(400, "the body is not a JSON object")
    return value


def for_another_app(options: GitHubOptions, headers: Mapping[str, str]) -> bool:
    """Whether GitHub says that the hook belongs to an App (`integration`) that is not ours."""
    kind = sole(headers, "X-GitHub-Hook-Installation-Target-Type")
    target = sole(headers, "X-GitHub-Hook-Installation-Target-ID")
    return options.app_id is not None and kind in (None, "integration") and target not in (None, str(options.app_id))


def pull_request(event: Event) -> Effect:
    """Anything about a pull request; a merge also moved the base branch."""
    where, subject = event.repository, mapping(event.payload, "pull_request")
    id = PullRequestId(repository=where, number=integer(subject, "number"))
    merged = event.action == "closed" and subject.get("merged") is True
    return Effect(keys=(id, where) if merged else (id,))


def push(event: Event) -> Effect:
    """A branch or a tag moved. Only the default branch is looked at: a pull request's push has an event of its own.

    A payload that does not tell the default branch is a reason to look.
    """
    ref = event.payload.get("ref")
    repository = optional_mapping(event.payload, "repository") or {}
    branch = repository.get("default_branch")
    if isinstance(ref, str) and isinstance(branch, str) and ref != f"refs/heads/{branch}":
        return Effect()
    return repository_changed(event)


def merge_group(event: Event) -> Effect:
    """The merge queue wants checks on a commit, or has done with it: the pull request that it was made for."""
    where, ref = event.repository, mapping(event.payload, "merge_group").get("head_ref")
    number = facts.queued(ref) if isinstance(ref, str) else None
    return Effect(keys=(PullRequestId(repository=where, number=number) if number else where,))


def repository_changed(event: Event) -> Effect:
    """Something about the repository itself changed."""
    return Effect(keys=(event.repository,))


def issue_comment(event: Event) -> Effect:
    """A comment in a pull request's thread; in a plain issue it means nothing here."""
    where, issue = event.repository, mapping(event.payload, "issue")
    if optional_mapping(issue, "pull_request") is None:
        return Effect()
    id = PullRequestId(repository=where, number=integer(issue, "number"))
    if event.action != "created":
        return Effect(keys=(id,))
    return Effect(
        keys=(id,), remark=facts.written(facts.comment(mapping(event.payload, "comment"), event.own)), thread=id
    )


def pull_request_review(event: Event) -> Effect:
    """A review; whether it approves is read from the API, since it can be dismissed."""
    where, subject = event.repository, mapping(event.payload, "pull_request")
    id = PullRequestId(repository=where, number=integer(subject, "number"))
    if event.action != "submitted":
        return Effect(keys=(id,))
    return Effect(
        keys=(id,), remark=facts.written(facts.review(mapping(event.payload, "review"), event.own)), thread=id
    )


def rerequested(event: Event) -> Effect:
    """Somebody pressed "re-run": the repository, and the pull requests of it that the check names.

    GitHub names none of a fork's; that of a merge queue's commit is told by its branch. The check's suite counts as
    unfinished until the check is written again: https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
    """
    where = event.repository
    subject = optional_mapping(event.payload, "check_run") or mapping(event.payload, "check_suite")
    if event.action != "rerequested":
        return Effect()
    named = [integer(each, "number") for each in items(subject, "pull_requests") if is_into(each, where)]
    branch = (optional_mapping(subject, "check_suite") or subject).get("head_branch")
    queued = facts.queued(branch) if isinstance(branch, str) else None
    threads = (PullRequestId(repository=where, number=each) for each in [*named, *([queued] if queued else [])])
    return Effect(keys=(where, *threads), again=sha(subject, "head_sha"))


def is_into(value: Json, where: RepositoryId) -> bool:
    """Whether a pull request named by a check wants into this repository and not into a fork of it."""
    base = optional_mapping(optional_mapping(value, "base") or {}, "repo")
    return base is None or base.get("id") == where.number


REACH = ("installation", "installation_repositories", "repository")
"""Events after which the list of repositories is read again: nothing of it is taken from a payload."""

DECODERS: Mapping[str, Callable[[Event], Effect]] = {
    "check_run": rerequested,
    "check_suite": rerequested,
    "issue_comment": issue_comment,
    "merge_group": merge_group,
    "pull_request": pull_request,
    "pull_request_review": pull_request_review,
    "push": push,
    "repository": repository_changed,
}
