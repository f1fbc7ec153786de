"""The check `own`: a real wheel, built and installed, and what becomes of checks that misbehave."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bot.check.own import OwnChecks
from bot.jail import Limits
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource
from tests.support.jails import JAIL

Manifests = Callable[[str], list[Resource]]
ROOT = Path(__file__).parents[3]

OBJECTS = """apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  labels: {team: web}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: b
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: correct-horse}\n"


def install(folder: Path, name: str, code: str) -> None:
    """A package as pip leaves it: its module, and its metadata with an entry point."""
    (folder / f"{name}.py").write_text(dedent(code))
    info = folder / f"{name}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[tidegate.checks]\n{name} = {name}:check\n")


@pytest.fixture
def examined(manifests: Manifests, environment: Environment) -> Examined:
    return Examined(environment=environment, resources=tuple(manifests(OBJECTS)))


def own(folder: Path, **limits: Any) -> OwnChecks:
    return OwnChecks(JAIL, Limits(**limits), [str(folder)])


async def run(folder: Path, code: str, examined: Examined) -> list[Finding]:
    install(folder, "mine", code)
    return list(await own(folder).run(examined))


def example() -> str:
    """The module that the documentation shows."""
    text = (ROOT / "docs/own-checks.md").read_text()
    return text.partition("```python\n")[2].partition("```")[0]


async def test_the_documented_example_works_as_a_wheel(tmp_path: Path, examined: Examined) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    text = (ROOT / "docs/own-checks.md").read_text()
    (source / "pyproject.toml").write_text(text.partition("```toml\n")[2].partition("```")[0])
    (source / "acme_checks.py").write_text(example())
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build: list[str | Path] = [
        "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path / "wheels", source
    ]  # fmt: skip
    subprocess.run([*pip, *build], check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", target, wheel], check=True)
    (found,) = await own(target).run(examined)
    assert (found.check, found.rule, found.level) == ("own", "team-label", "error")
    assert found.message == "ConfigMap b: nobody is named to ask about it"
    assert (found.path, found.line) == ("app.yaml", 9)
    assert "team" in found.fix


async def test_a_finding_of_a_rule_has_its_level(tmp_path: Path, examined: Examined) -> None:
    code = """
    class check:
        name = "mine"
        def run(resources):
            return [{"message": "m", "rule": "x", "level": "warning"}]
    """
    given = replace(examined, environment=replace(examined.environment, policy_levels={"mine.x": "error"}))
    (found,) = await run(tmp_path, code, given)
    assert (found.level, found.rule, found.resource, found.path) == ("error", "mine.x", None, "")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ValueError(resources[0])", "broke (ValueError at mine.py:6)"),
        ("import sys; sys.exit(0)", "broke (SystemExit at mine.py:6)"),
        ("import os; os._exit(0)", "not a list of findings"),
        ("import os; os.kill(os.getpid(), 9)", "was stopped: python"),
        ("return None", "not a list of findings"),
        ("return {'message': 'm'}", "not a list of findings"),
        ("return {}", "not a list of findings"),
        ("return [{'message': 'm', 'rule': 1}]", "not a list of findings"),
        ("return [{'message': ''}]", "not a list of findings"),
        ("return [{'message': 'm', 'level': 'unknown'}]", "not a list of findings"),
        ("return [{'message': 'm', 'resource': 2}]", "not a list of findings"),
        ("return [{'message': 'm', 'resource': True}]", "not a list of findings"),
        ("return [{'message': 'm', 'at': [None]}]", "not a list of findings"),
        ("return [{'message': 'm', 'severity': 1}]", "not a list of findings"),
        ("return ['m']", "not a list of findings"),
        ("return [{'message': 'm'}] * 1001", "not a list of findings"),
        ("return [object()]", "broke (TypeError"),
    ],
)
async def test_what_misbehaves_is_unknown(tmp_path: Path, examined: Examined, body: str, why: str) -> None:
    code = f"""
    class check:
        name = "mine"
        @staticmethod
        def run(resources):
            {body}
    """
    (found,) = await run(tmp_path, code, examined)
    assert (found.check, found.rule, found.level) == ("own", "mine", "unknown")
    assert why in found.message
    assert str(tmp_path) not in repr(found)


async def test_what_hangs_is_ended(tmp_path: Path, examined: Examined) -> None:
    install(tmp_path, "mine", "import time\ntime.sleep(60)\n")
    (found,) = await own(tmp_path, seconds=1).run(examined)
    assert (found.level, "did not finish within 1 s" in found.message) == ("unknown", True)


async def test_what_cannot_be_loaded_is_unknown(tmp_path: Path, examined: Examined) -> None:
    (found,) = await run(tmp_path, "import nonesuch\n", examined)
    assert (found.level, "broke (ModuleNotFoundError" in found.message) == ("unknown", True)


async def test_one_of_another_name_is_unknown(tmp_path: Path, examined: Examined) -> None:
    code = """
    class check:
        name = "other"
        def run(resources):
            return []
    """
    (found,) = await run(tmp_path, code, examined)
    assert (found.level, found.rule, "broke (LookupError" in found.message) == ("unknown", "mine", True)


async def test_one_that_breaks_leaves_the_others(tmp_path: Path, examined: Examined) -> None:
    install(tmp_path, "broken", "1 / 0\n")
    good = """
    class check:
        name = "good"
        def run(resources):
            print("printed")
            return [{"message": "m"}]
    """
    install(tmp_path, "good", good)
    found = await own(tmp_path).run(examined)
    assert [(each.rule, each.level) for each in found] == [("broken", "unknown"), ("good", "error")]


async def test_it_finds_an_empty_environment_and_is_another_process(
    tmp_path: Path, examined: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_TOKEN", "canary")
    code = """
    import os
    class check:
        name = "mine"
        def run(resources):
            return [{"message": f"{sorted(set(os.environ) - {'LC_CTYPE'})} {os.getpid()}"}]
    """
    (found,) = await run(tmp_path, code, examined)
    assert found.message.startswith("[] ")
    assert found.message != f"[] {__import__('os').getpid()}"


async def test_it_cannot_tell_a_secret(tmp_path: Path, manifests: Manifests, examined: Examined) -> None:
    code = """
    class check:
        name = "mine"
        def run(resources):
            value = resources[0]["stringData"]["a"]
            return [{"message": value, "fix": value[2:], "rule": value[:8], "resource": 1}]
    """
    given = replace(examined, resources=tuple(manifests(SECRET + "---\n" + OBJECTS)))
    (found,) = await run(tmp_path, code, given)
    assert (found.message, found.fix, found.rule) == ("ConfigMap a: (secret)", "(secret)", "mine.(secret)")


async def test_nothing_installed_says_nothing(tmp_path: Path, examined: Examined) -> None:
    assert await own(tmp_path).run(examined) == []


async def test_a_check_that_is_installed_is_given_all_objects_together(tmp_path: Path, examined: Examined) -> None:
    assert own(tmp_path).apart(examined.environment)
    install(tmp_path, "mine", "")
    assert not own(tmp_path).apart(examined.environment)
