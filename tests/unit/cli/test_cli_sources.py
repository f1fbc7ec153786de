"""What `tidegate check` shows of the files that findings are about."""

import subprocess
from pathlib import Path

import pytest

from bot.cli.check import sources as shown
from bot.cli.check.sources import sources
from bot.model.checked import Checked
from bot.model.plan import Finding
from tests.support.typed import tidegate

CONFIGURATION = """version: 1
environments: {prod: {source: {path: .}, target: prod, apply: never, policies: {leaks: 'off'}}}
"""
TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2"
MAP = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  token: {TOKEN}\n  wrong: 1\n"
KEY = """\
-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu
KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQJAIJLixBy2qpFoS4DSmoEm
o3qGy0t6z09AIJtH+5OeRV1be+N4cDYJKffGzDa88vQENZiRm0GRq6a+HPGQMd2k
-----END RSA PRIVATE KEY-----
"""
CHECKED = Checked(
    environments=(), files=(Finding(check="schemas", level="error", message="m", fix="f", path="a.yaml", line=1),)
)


def test_a_line_with_a_token_is_not_shown_where_nobody_is_told_of_it(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "tidegate.yaml").write_text(CONFIGURATION)
    (tmp_path / "a.yaml").write_text(MAP)
    text = tidegate("check", cwd=tmp_path).stdout
    assert "      5 │   ‹masked›\n      6 │   wrong: 1\n" in text
    assert TOKEN not in text


def test_every_line_of_a_secret_is_left_out(tmp_path: Path) -> None:
    body = "".join(f"  {line}\n" for line in KEY.splitlines())
    (tmp_path / "a.yaml").write_text(f"key: |\n{body}other: shown\n")
    text = sources(tmp_path, CHECKED)["a.yaml"]
    assert text == "key: |\n" + "  ‹masked›\n" * 5 + "other: shown\n"


def test_what_was_not_looked_through_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_text("key: shown\n")
    assert sources(tmp_path, CHECKED) == {"a.yaml": "key: shown\n"}
    monkeypatch.setattr(shown, "MOST_SECONDS", 0.0)
    assert sources(tmp_path, CHECKED) == {}
