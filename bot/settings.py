"""The server's settings: read once from a YAML file and the environment, strict, with one clear line per problem.

Every key can also be given by environment: `TIDEGATE_FORGES__GITHUB__APP_ID=7`. A secret can be given in the file, or
as a file's path by the key with `_file` behind it. Relative paths are relative to the settings file.
"""

import fnmatch
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from bot.errors import SettingsError

__all__ = [
    "KUBERNETES",
    "DirectorySettings",
    "GitHubSettings",
    "Intervals",
    "KubernetesSettings",
    "ProgramSettings",
    "RenderSettings",
    "RepositoryRule",
    "Settings",
    "load",
]

PREFIX = "TIDEGATE_"
SECRETS = ("private_key", "webhook_secret", "token")
SECRET_BYTES = 32
UNUSABLE_KEY = "is no key that can sign; give the PEM file that GitHub made, unchanged"
KUBERNETES = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
"""The minor versions whose schemas are shipped."""


class Strict(BaseModel):
    """Unknown keys are errors, and values do not change after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class GitHubSettings(Strict):
    """A GitHub (or GitHub Enterprise Server) instance, reached as an App or with a personal access token."""

    kind: Literal["github"]
    web_url: str = Field("https://github.com", description="Where people and git reach the forge.")
    api_url: str = Field("https://api.github.com", description="The REST API's root.")
    app_id: int | None = Field(None, description="The GitHub App's id.")
    private_key: SecretStr | None = Field(None, description="The App's private key, PEM.")
    token: SecretStr | None = Field(None, description="A personal access token, instead of an App.")
    webhook_secret: SecretStr = Field(description=f"Signs every webhook; at least {SECRET_BYTES} bytes.")

    @field_validator("web_url", "api_url")
    @classmethod
    def plain_url(cls, value: str) -> str:
        """Only http(s) URLs without credentials, without a trailing slash."""
        if not value.startswith(("https://", "http://")) or "@" in value:
            raise ValueError("must be an http(s) URL without a user name in it")
        return value.rstrip("/")

    @field_validator("private_key")
    @classmethod
    def usable_key(cls, value: SecretStr | None) -> SecretStr | None:
        """Only an RSA key signs as GitHub has it (RS256)."""
        if value is None:
            return None
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(value.get_secret_value().encode(), None)
        except Exception:  # its own words may quote the key
            raise ValueError(UNUSABLE_KEY) from None
        if not isinstance(key, RSAPrivateKey):
            raise ValueError(UNUSABLE_KEY)
        return value

    @field_validator("webhook_secret")
    @classmethod
    def long_enough(cls, value: SecretStr) -> SecretStr:
        """A secret that can be guessed lets anybody write webhooks."""
        if len(value.get_secret_value().encode()) < SECRET_BYTES:
            raise ValueError(f"is shorter than {SECRET_BYTES} bytes; make one with `openssl rand -hex 32`")
        return value

    @model_validator(mode="after")
    def one_credential(self) -> "GitHubSettings":
        """Either an App (id and key) or a token."""
        app = self.app_id is not None and self.private_key is not None
        if app == (self.token is not None):
            raise ValueError("give either app_id with private_key_file, or token_file")
        return self


class KubernetesSettings(Strict):
    """The Kubernetes API that a target's manifests are meant for."""

    version: str = Field("1.36", description="Minor version, such as 1.36.")
    api_versions: tuple[str, ...] = Field((), description="Served beside Kubernetes' own, as Helm spells them.")
    crds: Path | None = Field(None, description="Folder of CustomResourceDefinitions that are there.")

    @field_validator("version", mode="before")
    @classmethod
    def known_version(cls, value: Any) -> Any:
        """Only versions whose schemas are shipped. YAML reads 1.36 without quotes as a number."""
        given = str(value) if isinstance(value, float) else value
        if isinstance(given, str) and given not in KUBERNETES:
            raise ValueError(f"there are no schemas of Kubernetes {given}; there are those of {', '.join(KUBERNETES)}")
        return given


class DirectorySettings(Strict):
    """A folder on this machine that holds one file per object."""

    kind: Literal["directory"]
    path: Path = Field(description="The folder; it is made if its parent exists.")
    kubernetes: KubernetesSettings = Field(
        default_factory=KubernetesSettings, description="The API that its manifests are meant for."
    )


class ProgramSettings(Strict):
    """Programs of the operator's, by name on PATH or by path; what is not there is not available."""

    kustomize: str = Field("kustomize", description="Builds Kustomize overlays.")
    kubectl: str = Field("kubectl", description="Builds them (`kubectl kustomize`) where kustomize is missing.")
    helm: str = Field("helm", description="Renders charts, version 3 or 4.")
    conftest: str = Field("conftest", description="Evaluates Rego policies.")
    opa: str = Field("opa", description="Evaluates them where conftest is missing.")
    sops: str = Field("sops", description="Decrypts what an environment asks to be decrypted, when it is applied.")


class RenderSettings(Strict):
    """How foreign programs render, and what may come from elsewhere."""

    jail: Literal["required", "best-effort"] = Field("required", description="required: no jail, no render.")
    programs: ProgramSettings = Field(default_factory=ProgramSettings, description="Where the programs are.")
    seconds: float = Field(30, gt=0, description="Wall time of one render.")
    processor: float = Field(10, gt=0, description="Processor time of one render, in seconds.")
    memory: int = Field(1536, ge=64, description="Memory of one render, in MiB.")
    output: int = Field(64, ge=1, description="Output of one render, in MiB.")
    inflate: bool = Field(False, description="Whether Kustomize may inflate Helm charts that are in the repository.")
    bases: tuple[str, ...] = Field((), description="Git URLs, with `*`, that remote bases may come from.")
    charts: tuple[str, ...] = Field((), description="oci:// and https:// URLs, with `*`, that charts may come from.")
    sops_age_key_file: Path | None = Field(None, description="age identities that decrypt what SOPS encrypted.")
    processes: int = Field(2, ge=1, le=64, description="Processes that render and check.")


class RepositoryRule(Strict):
    """Which repositories this server looks after, and which targets they may name."""

    match: str = Field(description="`<forge>:<owner>/<name>`, with `*` for any run of characters.")
    targets: tuple[str, ...] = Field((), description="Names of targets that these repositories may deploy to.")

    def matches(self, forge: str, path: str) -> bool:
        """Whether the rule is about that repository."""
        return fnmatch.fnmatchcase(f"{forge}:{path}".lower(), self.match.lower())


class Intervals(Strict):
    """How often things are looked at again, in seconds."""

    drift: float = Field(60, ge=0.2, description="Looking for drift where a target cannot watch, ± 20 %.")
    repository: float = Field(60, ge=0.2, description="Looking for what webhooks missed.")
    lease: float = Field(30, ge=2, description="How long a worker may hold a piece of work without renewing.")
    retry: float = Field(5, ge=0.1, description="First wait after a failure; doubled each time, at most 5 minutes.")


Target = Annotated[DirectorySettings, Field()]
ForgeSettings = Annotated[GitHubSettings, Field()]


class Settings(Strict):
    """Everything `tidegate serve` is told."""

    listen: str = Field("127.0.0.1:8080", description="Address and port to serve on.")
    public_url: str = Field("http://127.0.0.1:8080", description="Where people reach this server; links start with it.")
    store: str = Field("sqlite:///tidegate.db", description="SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg://….")
    state_dir: Path = Field(Path("state"), description="Folder for git mirrors, charts and SQLite's large plans.")
    forges: dict[str, ForgeSettings] = Field(description="Forges by name; the webhook endpoint is /webhook/<name>.")
    targets: dict[str, Target] = Field(description="Targets by the name that tidegate.yaml uses.")
    repositories: tuple[RepositoryRule, ...] = Field(description="Repositories to look after; the first match counts.")
    intervals: Intervals = Field(default_factory=Intervals, description="How often things are looked at again.")
    render: RenderSettings = Field(default_factory=RenderSettings, description="How foreign programs render.")
    workers: int = Field(4, ge=1, le=64, description="Pieces of work done at the same time.")
    log: Literal["auto", "json", "text"] = Field("auto", description="auto: text on a terminal, JSON in a pipe.")

    @field_validator("store")
    @classmethod
    def known_store(cls, value: str) -> str:
        """A file, or PostgreSQL."""
        file = value.removeprefix("sqlite:///") if value.startswith("sqlite:///") else ""
        if file in ("", ":memory:") and not value.startswith("postgresql+psycopg://"):
            raise ValueError("must be sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE")
        return value

    @field_validator("listen")
    @classmethod
    def address(cls, value: str) -> str:
        """host:port."""
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("must be ADDRESS:PORT, such as 127.0.0.1:8080")
        return value

    @model_validator(mode="after")
    def known_names(self) -> "Settings":
        """Rules may only name forges and targets that exist."""
        for rule in self.repositories:
            forge = rule.match.partition(":")[0]
            if forge not in self.forges and "*" not in forge:
                raise ValueError(f"repositories: {rule.match!r} names no forge of {sorted(self.forges)}")
            for target in rule.targets:
                if target not in self.targets:
                    raise ValueError(f"repositories: {rule.match!r} names target {target!r}, which is not defined")
        return self

    def rule(self, forge: str, path: str) -> RepositoryRule | None:
        """The rule about a repository, or None: then it is not ours."""
        return next((each for each in self.repositories if each.matches(forge, path)), None)


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
    return relative_to(settings, file.parent)


def given_in(line: str, file: Path, environ: Mapping[str, str]) -> str:
    """A finding `key.of.it: what is wrong` with where that was given: a variable, or the file."""
    where, _, text = line.partition(": ")
    variable = PREFIX + where.replace(".", "__").upper()
    return f"{variable} in the environment: {text}" if variable in environ else f"{file}: {line}"


def read_yaml(file: Path) -> dict[str, Any]:
    """The file's mapping; {} for an empty one."""
    try:
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError([f"{file}: there is no such file; write one or name it with --config FILE"]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError([f"{file}: cannot be read: {reason}"]) from None
    except yaml.YAMLError as error:
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
    except yaml.YAMLError:
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


WORDS = {
    "missing": "is missing",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "path_type": "must be a path",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
}
"""pydantic's own words for these speak of Python (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


def describe(error: ValidationError) -> list[str]:
    """pydantic's findings, one line each, as `key.of.it: what is wrong`."""
    lines = []
    for each in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in each["loc"])
        if each["type"] == "extra_forbidden":
            near = get_close_matches(str(each["loc"][-1]), known_keys(each["loc"]), n=1)
            text = "is not a known key" + (f"; did you mean {near[0]!r}?" if near else "")
        else:
            text = WORDS.get(each["type"]) or each["msg"].removeprefix("Value error, ").replace("Input should", "must")
        lines.append(f"{where}: {text}" if where else text)
    return lines


def known_keys(place: Sequence[int | str]) -> list[str]:
    """The keys that may stand where an unknown one was found."""
    model: type[BaseModel] = Settings
    for part in place[:-1]:
        if part in model.model_fields:  # else a name that the operator gave, or a number in a list
            model = model_in(model.model_fields[str(part)].annotation) or model
    secrets = (f"{each}_file" for each in SECRETS if each in model.model_fields)
    return [*model.model_fields, *secrets]


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, or holds several of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := model_in(each))), None)


def placed(target: Target, folder: Path) -> Target:
    """A target with its paths made absolute from `folder`."""
    crds = target.kubernetes.crds
    kubernetes = target.kubernetes.model_copy(update={"crds": folder / crds if crds else None})
    return target.model_copy(update={"path": folder / target.path, "kubernetes": kubernetes})


def relative_to(settings: Settings, folder: Path) -> Settings:
    """The same settings with every relative path made absolute from the settings file's folder."""
    folder = folder.resolve()
    targets = {name: placed(target, folder) for name, target in settings.targets.items()}
    store = settings.store
    if store.startswith("sqlite:///"):
        store = f"sqlite:///{folder / store.removeprefix('sqlite:///')}"
    key = settings.render.sops_age_key_file
    render = settings.render.model_copy(update={"sops_age_key_file": folder / key if key else None})
    update = {"state_dir": folder / settings.state_dir, "targets": targets, "store": store, "render": render}
    return settings.model_copy(update=update)
