"""The forge's own record of what was done through it: an oracle that tests and benchmarks compare with."""

from dataclasses import asdict
from typing import Any

from bot.localforge.core import Core

__all__ = ["record"]


def record(core: Core) -> dict[str, Any]:
    """Everything that was said and done, deleted comments and earlier texts included, with logins for account ids."""
    state = core.state

    def rows(table: Any) -> list[dict[str, Any]]:
        return [_readable(core, asdict(row)) for row in table]

    return {
        "comments": rows(state.comments),
        "reviews": rows(state.reviews),
        "reactions": rows(state.reactions),
        "check_runs": rows(state.check_runs),
        "statuses": rows(state.statuses),
        "pulls": rows(state.pulls),
        "merges": [
            {"number": pull.number, "sha": pull.merge_commit_sha, "at": pull.merged_at, "repository": pull.repository}
            for pull in state.pulls
            if pull.merged_at
        ],
        "events": rows(state.events),
        "deliveries": [
            {name: value for name, value in asdict(row).items() if name != "body"} for row in state.deliveries
        ],
        "calls": [asdict(call) for call in core.calls.calls],
        "seconds": core.calls.seconds(),
    }


def _readable(core: Core, row: dict[str, Any]) -> dict[str, Any]:
    account = core.account(row.get("account"))
    return row | {"login": account.login if account else None}
