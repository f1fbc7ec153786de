"""From a file and the environment to settings, or to a line for each problem."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings.given import PREFIX, merge_environment, read_secret_files, read_yaml
from bot.settings.model import ProgramSettings, RenderSettings, Settings, Target
from bot.settings.words import describe

__all__ = ["load"]


def load(file: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `file` and the environment. SettingsError: one line per problem."""
    raw, given = read_yaml(file), os.environ if environ is None else environ
    merge_environment(raw, given)
    unread = read_secret_files(raw, file.parent)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        found = (given_in(line, file, given) for line in describe(error) if line.partition(": ")[0] not in unread)
        raise SettingsError([*unread.values(), *found]) from None
    if unread:
        raise SettingsError(list(unread.values()))
    placed = relative_to(settings, file.parent)
    if lines := list(unread_files(placed.render)):
        raise SettingsError([f"{file}: {line}" for line in lines])
    return placed


def unread_files(render: RenderSettings) -> Iterator[str]:
    """A line for each file that holds a secret and could not be read when it is needed."""
    given = {f"logins.{number}.password_file": login.password_file for number, login in enumerate(render.logins)}
    if render.sops_age_key_file:
        given["sops_age_key_file"] = render.sops_age_key_file
    for key, path in given.items():
        if not os.access(path, os.R_OK):
            yield f"render.{key}: {path}: is not there, or cannot be read"


def given_in(line: str, file: Path, environ: Mapping[str, str]) -> str:
    """A finding `key.of.it: what is wrong` with where that was given: a variable, or the file."""
    where, _, text = line.partition(": ")
    variable = PREFIX + where.replace(".", "__").upper()
    return f"{variable} in the environment: {text}" if variable in environ else f"{file}: {line}"


def target_from(target: Target, folder: Path) -> Target:
    """A target with its paths made absolute from `folder`."""
    crds = target.kubernetes.crds
    kubernetes = target.kubernetes.model_copy(update={"crds": folder / crds if crds else None})
    return target.model_copy(update={"path": folder / target.path, "kubernetes": kubernetes})


def programs_from(programs: ProgramSettings, folder: Path) -> ProgramSettings:
    """Programs with those that are given by a path made absolute from `folder`; a name is looked for on PATH."""
    given = programs.model_dump()
    return programs.model_copy(update={key: str(folder / each) for key, each in given.items() if os.sep in each})


def render_from(render: RenderSettings, folder: Path) -> RenderSettings:
    """The same with every path made absolute from `folder`."""
    key = render.sops_age_key_file
    logins = tuple(each.model_copy(update={"password_file": folder / each.password_file}) for each in render.logins)
    programs = programs_from(render.programs, folder)
    update = {"sops_age_key_file": folder / key if key else None, "logins": logins, "programs": programs}
    return render.model_copy(update=update)


def relative_to(settings: Settings, folder: Path) -> Settings:
    """The same settings with every relative path made absolute from the settings file's folder."""
    folder = folder.resolve()
    targets = {name: target_from(target, folder) for name, target in settings.targets.items()}
    store = settings.store
    if store.startswith("sqlite:///"):
        store = f"sqlite:///{folder / store.removeprefix('sqlite:///')}"
    render = render_from(settings.render, folder)
    update = {"state_dir": folder / settings.state_dir, "targets": targets, "store": store, "render": render}
    return settings.model_copy(update=update)
