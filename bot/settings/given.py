"""What the operator gave: the file, the variables of the environment, and files that hold a secret."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.errors import SettingsError
from bot.settings.model import SECRET_BYTES, SECRETS

__all__ = ["PREFIX", "merge_environment", "read_secret_files", "read_yaml"]

PREFIX = "TIDEGATE_"
NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)
"""PyYAML lets through what Python says of a date that is none, and of depth."""


def read_yaml(file: Path) -> dict[str, Any]:
    """The file's mapping; {} for an empty one."""
    try:
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError([f"{file}: there is no such file; write one or name it with --config FILE"]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError([f"{file}: cannot be read: {reason}"]) from None
    except NOT_YAML as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise SettingsError([f"{place}: is not YAML: {getattr(error, 'problem', error)}"]) from None
    if value is not None and not isinstance(value, dict):
        raise SettingsError([f"{file}: must be a mapping of settings"])
    return value or {}


def merge_environment(raw: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Put every `TIDEGATE_A__B=value` at a.b; values are read as YAML, so numbers and lists work."""
    for name in sorted(environ):
        if name.startswith(PREFIX):
            *parents, last = name[len(PREFIX) :].lower().split("__")
            place: Any = raw
            for part in parents:
                place = place.setdefault(part, {}) if isinstance(place, dict) else None
            if not isinstance(place, dict):
                raise SettingsError([f"{name}: {'.'.join(parents)} is not a mapping"])
            text = environ[name]
            place[last] = text if last in SECRETS or last.endswith("_file") else read_value(name, text)


def read_value(name: str, text: str) -> Any:
    """A variable's value. SettingsError: it is not YAML; the text itself is not repeated, it may hold a password."""
    try:
        return yaml.safe_load(text)
    except NOT_YAML:
        raise SettingsError([f"{name}: the value is not YAML; put it in quotes if it is text"]) from None


def read_secret_files(raw: dict[str, Any], folder: Path) -> dict[str, str]:
    """Replace every `<secret>_file` by the file's contents; by the secret's key, a line for what could not be read."""
    unread: dict[str, str] = {}
    forges = raw.get("forges")
    for name, forge in (forges if isinstance(forges, dict) else {}).items():
        for secret in SECRETS if isinstance(forge, dict) else ():
            path = forge.pop(f"{secret}_file", None)
            if path is None:
                continue
            if secret in forge:
                unread[f"forges.{name}.{secret}"] = f"forges.{name}: give {secret} or {secret}_file, not both"
                continue
            try:
                forge[secret] = (folder / str(path)).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
                unread[f"forges.{name}.{secret}"] = f"forges.{name}.{secret}_file: {folder / str(path)}: {reason}"
                forge[secret] = "x" * SECRET_BYTES
    return unread
