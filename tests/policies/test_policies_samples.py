"""Every shipped policy judges its samples as they claim, has a page, and can be named alone."""

from pathlib import Path

import pytest

from bot.check.policies.load import shipped_names
from tests.support.judged import findings
from tests.support.samples import NAMES, samples

ROOT = Path(__file__).parents[2]


def test_every_shipped_policy_has_samples_and_a_page() -> None:
    pages = {each.stem for each in (ROOT / "docs" / "policies").glob("*.md")}
    assert set(shipped_names()) == set(NAMES) == pages
    listed = (ROOT / "docs" / "policies.md").read_text()
    assert [name for name in NAMES if f"policies/{name}.md" not in listed] == []


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_to_pass_passes(name: str) -> None:
    for body in samples(name, "pass"):
        assert list(await findings(body, [name])) == []


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_to_fail_fails_by_this_policy_and_says_what_to_do(name: str) -> None:
    bad = samples(name, "fail")
    assert bad
    for body in bad:
        found = await findings(body, [name])
        assert found, body
        assert name in {each.rule for each in found}
        assert {each.level for each in found} <= {"error", "warning"}
        assert all(each.fix and each.message for each in found)
