"""The server's settings: strict, from a file and the environment, one clear line per problem."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.errors import SettingsError
from bot.settings import load

GOOD = """
listen: 127.0.0.1:0
forges:
  github: {kind: github, token_file: token, webhook_secret_file: secret}
targets:
  prod: {kind: directory, path: envs/prod}
repositories:
  - {match: "github:acme/*", targets: [prod]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("t0ken\n")
    (tmp_path / "secret").write_text("s" * 32 + "\n")
    (tmp_path / "server.yaml").write_text(GOOD)
    return tmp_path / "server.yaml"


def problems(file: Path, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(file, environ or {})
    return caught.value.lines


def test_good_settings_are_read_and_paths_are_relative_to_the_file(file: Path) -> None:
    settings = load(file, {})
    assert settings.forges["github"].webhook_secret.get_secret_value() == "s" * 32
    assert settings.targets["prod"].path == file.parent / "envs/prod"
    assert settings.store == f"sqlite:///{file.parent / 'tidegate.db'}"
    assert settings.rule("github", "ACME/Shop") is not None
    assert settings.rule("github", "other/shop") is None


def test_every_path_is_relative_to_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = GOOD.replace("path: envs/prod", "path: envs/prod, kubernetes: {crds: crds}")
    more = "state_dir: here\nrender: {sops_age_key_file: keys, programs: {helm: bin/helm, opa: opa4}}\n"
    file.write_text(text + more)
    (file.parent / "keys").touch()
    monkeypatch.chdir(file.parent)
    settings = load(Path(file.name), {})
    key, crds = settings.render.sops_age_key_file, settings.targets["prod"].kubernetes.crds
    assert [settings.state_dir, key, crds] == [file.parent / each for each in ("here", "keys", "crds")]
    assert settings.targets["prod"].path == file.parent / "envs/prod"
    assert settings.store == f"sqlite:///{file.parent / 'tidegate.db'}"
    programs = settings.render.programs
    assert [programs.helm, programs.opa] == [str(file.parent / "bin/helm"), "opa4"]


def test_nothing_renders_outside_of_a_jail_unless_it_is_said(file: Path) -> None:
    assert load(file, {}).render.jail == "required"


def test_a_rule_may_be_for_every_forge(file: Path) -> None:
    file.write_text(GOOD.replace("github:acme", "*:acme") + "render: {jail: best-effort}")
    assert load(file, {}).rule("github", "acme/shop") is not None


def test_an_address_has_no_slash_at_its_end(file: Path) -> None:
    addresses = {"TIDEGATE_FORGES__GITHUB__WEB_URL": "https://git.acme.io/", "TIDEGATE_PUBLIC_URL": "https://gate.io/"}
    settings = load(file, addresses)
    assert (settings.forges["github"].web_url, settings.public_url) == ("https://git.acme.io", "https://gate.io")


def test_a_secret_in_a_variable_is_text_as_it_stands(file: Path) -> None:
    (file.parent / "017").write_text("from-a-file")
    for name, text, token in (("TOKEN", "0123", "0123"), ("TOKEN_FILE", "017", "from-a-file")):
        environ = {f"TIDEGATE_FORGES__GITHUB__{name}": text}
        file.write_text(GOOD.replace("token_file: token, ", ""))
        found = load(file, environ).forges["github"].token
        assert found is not None
        assert found.get_secret_value() == token


def test_a_login_is_for_named_hosts_and_its_password_lies_beside_the_file(file: Path) -> None:
    given = 'render: {logins: [{match: "oci://ghcr.io:443/acme/*", username: bot, password_file: token}]}'
    file.write_text(GOOD + given)
    (login,) = load(file, {}).render.logins
    assert (login.match, login.username, login.password_file) == (
        "oci://ghcr.io:443/acme/*",
        "bot",
        file.parent / "token",
    )


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ("match: 'https://*.acme.io/x', username: a", "match: must be https://HOST"),
        ("match: 'http://acme.io/x', username: a", "match: must be https://HOST"),
        ("match: 'https://a@acme.io/x', username: a", "match: must be https://HOST"),
        ("match: 'https://acme.io*', username: a", "match: must be https://HOST"),
        ("match: 'https://acme.io/x*@evil.io', username: a", "match: must be https://HOST"),
        ("match: 'oci://acme.io/*', username: \"a\\n\"", "username: must be a name without a colon"),
        ("match: 'oci://acme.io/*', username: 'a:b'", "username: must be a name without a colon"),
        ("match: 'oci://acme.io/*', username: a", "none: is not there, or cannot be read"),
    ],
)
def test_a_login_that_cannot_be_used(file: Path, login: str, said: str) -> None:
    file.write_text(f"{GOOD}render: {{logins: [{{{login}, password_file: none}}]}}")
    (found,) = problems(file)
    assert "render.logins.0." in found
    assert said in found


def test_every_key_can_be_given_by_environment(file: Path) -> None:
    environ = {"TIDEGATE_WORKERS": "7", "TIDEGATE_FORGES__GITHUB__API_URL": "http://127.0.0.1:1/api/v3"}
    settings = load(file, environ)
    assert settings.workers == 7
    assert settings.forges["github"].api_url == "http://127.0.0.1:1/api/v3"


def test_what_is_wrong_in_the_environment_is_told_by_its_variable(file: Path) -> None:
    # what Kubernetes gives every pod beside a Service of this name
    environ = {"TIDEGATE_SERVICE_HOST": "10.0.0.1", "TIDEGATE_RENDER__PROCESSES": "300", "TIDEGATE_WORKERS": "2"}
    told = problems(file, environ)
    assert "TIDEGATE_SERVICE_HOST in the environment: is not a known key" in told
    assert any(each.startswith("TIDEGATE_RENDER__PROCESSES in the environment: ") for each in told)
    assert len(told) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("listen: 127.0.0.1:0", "lissen: x", "lissen: is not a known key; did you mean 'listen'?"),
        ("kind: github, token_file", "kind: github, tokn_file", "github.tokn_file: is not a known key; did you mean"),
        ("path: envs/prod", "path: envs/prod, kubernetes: {versoin: '1.36'}", "did you mean 'version'?"),
        ("token_file: token, ", "", "forges.github: give either app_id with private_key_file, or token_file"),
        ("secret_file: secret", "secret_file: nothing", "No such file or directory"),
        ("token_file: token", "app_id: 1, private_key_file: token", "github.private_key: is no key that can sign"),
        ("listen: 127.0.0.1:0", "store: 'mysql://db/x'", "store: must be sqlite:///FILE or postgresql+psycopg://"),
        ("listen: 127.0.0.1:0", "store: 'sqlite:///:memory:'", "store: must be sqlite:///FILE"),
        ("webhook_secret_file: secret", "webhook_secret: short", "is shorter than 32 bytes"),
        ("targets: [prod]", "targets: [qa]", "names target 'qa', which is not defined"),
        ("github:acme", "gitlab:acme", "names no forge of ['github']"),
        ("listen: 127.0.0.1:0", "log: 2026-13-01", "server.yaml: is not YAML: month must be in 1..12"),
        ("127.0.0.1:0", "127.0.0.1:65536", "must be ADDRESS:PORT"),
        ("127.0.0.1:0", "':8080'", "must be ADDRESS:PORT"),
        ("127.0.0.1:0", "'127.0.0.1:²'", "must be ADDRESS:PORT"),
        ("kind: github,", "kind: github, api_url: 'ftp://x',", "api_url: must be an http(s) URL without a user name"),
        ("kind: github,", "kind: github, web_url: 'https://a:b@x',", "web_url: must be an http(s) URL without a user"),
        ("token_file: token", "token: t, token_file: token", "forges.github: give token or token_file, not both"),
        ("token_file: token", "token_file: '.'", "github.token_file: "),
        ("{kind: github, token_file: token, webhook_secret_file: secret}", "5", "forges.github: must be a mapping"),
        ("127.0.0.1:0", "localhost", "must be ADDRESS:PORT"),
        ("kind: directory", "kind: bucket", "targets.prod.kind: must be 'directory'"),
        ("listen: 127.0.0.1:0", "public_url: gate.io", "public_url: must be an http(s) URL without a user name"),
        ("listen: 127.0.0.1:0", "workers: many", "workers: must be a whole number"),
        ("listen: 127.0.0.1:0", "workers: 99", "workers: must be less than or equal to 64"),
        ("listen: 127.0.0.1:0", "intervals: 3", "intervals: must be a mapping"),
        ("listen: 127.0.0.1:0", "render: {bases: x, jail: best-effort}", "render.bases: must be a list"),
        ("token_file: token", "app_id: 1, private_key_file: nothing", "private_key_file: "),
        ("listen: 127.0.0.1:0", "render: {sops_age_key_file: no}", "render.sops_age_key_file: must be a path"),
        ("listen: 127.0.0.1:0", "render: {sops_age_key_file: none}", "none: is not there, or cannot be read"),
        ("path: envs/prod", "path: envs/prod, kubernetes: {version: 1.30}",
         "there are no schemas of Kubernetes 1.3; there are those of 1.31, 1.32"),
        ("path: envs/prod", 'path: envs/prod, kubernetes: {version: "1.99"}', "no schemas of Kubernetes 1.99"),
    ],
)  # fmt: skip
def test_each_problem_is_one_clear_line(file: Path, old: str, new: str, said: str) -> None:
    file.write_text(GOOD.replace(old, new))
    found = problems(file)
    assert len(found) == 1
    assert said in found[0]
    assert "\n" not in found[0]


def test_a_variable_that_is_not_yaml_is_named_and_not_repeated(file: Path) -> None:
    (found,) = problems(file, {"TIDEGATE_STORE": "postgresql://u:hunter2@db/x: {"})
    assert found == "TIDEGATE_STORE: the value is not YAML; put it in quotes if it is text"
    for text in ("2026-13-01", "[" * 9999):
        (found,) = problems(file, {"TIDEGATE_LOG": text})
        assert found == "TIDEGATE_LOG: the value is not YAML; put it in quotes if it is text"


def test_a_variable_of_what_is_no_mapping_is_named(file: Path) -> None:
    for name in ("TIDEGATE_LISTEN__PORT", "TIDEGATE_LISTEN__PORT__NUMBER"):
        (found,) = problems(file, {name: "1"})
        assert found.startswith(f"{name}: listen")
        assert found.endswith(" is not a mapping")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"- a", "must be a mapping of settings"), (b"\xff", "cannot be read: it is not UTF-8 text"),
        (b"", "forges: is missing"), (b"forges: 5", "forges: must be a mapping"),
    ],
)  # fmt: skip
def test_a_file_that_holds_something_else_is_told_in_words(file: Path, text: bytes, said: str) -> None:
    file.write_bytes(text)
    assert f"{file}: {said}" in problems(file)


def test_a_secret_that_is_no_text_is_told_in_words(file: Path) -> None:
    (file.parent / "token").write_bytes(b"\xff")
    assert problems(file) == (f"forges.github.token_file: {file.parent / 'token'}: is not UTF-8 text",)


def test_a_folder_in_place_of_the_file_is_told_in_words(tmp_path: Path) -> None:
    assert problems(tmp_path) == (f"{tmp_path}: cannot be read: Is a directory",)


def test_only_an_rsa_key_signs_for_an_app(file: Path) -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    pem = elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file.write_text(GOOD.replace("token_file: token", f"app_id: 1, private_key: {json.dumps(pem)}"))
    (found,) = problems(file)
    assert found.endswith("private_key: is no key that can sign; give the PEM file that GitHub made, unchanged")


def test_a_missing_file_and_bad_yaml_say_where(tmp_path: Path) -> None:
    assert "there is no such file" in problems(tmp_path / "server.yaml")[0]
    (tmp_path / "server.yaml").write_text("a: [1\nb: 2")
    assert problems(tmp_path / "server.yaml")[0].startswith(f"{tmp_path}/server.yaml:2:")


def test_secrets_are_not_shown(file: Path) -> None:
    settings = load(file, {})
    assert "t0ken" not in repr(settings)
    assert "ssss" not in repr(settings)
