"""How two versions of `tidegate.yaml` describe the same environments, key by key."""

from collections.abc import Mapping
from typing import Any

from bot.model.environment import Configuration, Environment, Redescribed, Waiver

__all__ = ["redescribed"]

Settings = tuple[tuple[str, str, str], ...]


def redescribed(before: Configuration | None, after: Configuration | None) -> tuple[Redescribed, ...]:
    """What `after` says differently, first of the file, then of environments; those of which it says the same together.

    Environments that only one of them describes are left out, and so is all where one of them is not there.
    """
    if before is None or after is None:
        return ()
    alike: dict[Settings, list[str]] = {}
    for environment in after.environments:
        earlier = before.environment(environment.id.name)
        if earlier is not None and (changed := settings(values(earlier), values(environment))):
            alike.setdefault(changed, []).append(environment.id.name)
    found = (Redescribed(environments=tuple(names), settings=each) for each, names in alike.items())
    of_all = settings(of_file(before), of_file(after))
    return (*([Redescribed(environments=(), settings=of_all)] if of_all else []), *found)


def settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Settings:
    """The keys whose values differ, with both."""
    keys = dict.fromkeys([*before, *after])
    return tuple(
        (key, words(before.get(key)), words(after.get(key))) for key in keys if before.get(key) != after.get(key)
    )


def of_file(configuration: Configuration) -> dict[str, Any]:
    """What concerns no single environment."""
    schemas = {f"schemas.{glob}": schema for glob, schema in configuration.schemas.items()}
    return {"check": configuration.check, "prefix": configuration.prefix, **schemas}


def values(environment: Environment) -> dict[str, Any]:
    """Everything that is said of an environment, by key; defaults are as good as what is written."""
    source, rule = environment.source, environment.approvals
    return {
        "source.path": source.path, "source.renderer": source.renderer,
        **{f"source.options.{key}": value for key, value in source.options.items()},
        "target": environment.target, "scope": environment.scope, "apply": environment.apply,
        "first_apply": environment.first_apply, "drift": environment.drift, "after": environment.after,
        "approvals.count": rule.count, "approvals.from": rule.approvers, "approvals.author": rule.author,
        "approvals.reviews": rule.reviews, "decrypt": environment.decrypt,
        "secrets.plain": environment.plain_secrets, "schemas.missing": environment.missing_schemas,
        "policies": environment.policies,
        **{f"policies.{name}": level for name, level in environment.policy_levels.items()},
        "waivers": environment.waivers,
    }  # fmt: skip


def words(value: Any) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(words, value))
    if isinstance(value, Waiver):
        objects = f" for {', '.join(value.objects)}" if value.objects else ""
        return f"{value.policy}{objects} until {value.expires}"
    return "" if value is None else str(value)
