"""A person in a browser: the pull-request page, approve, merge, and what the pages show then."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Error, Page, async_playwright, expect

from bot.cli.demo.stage import Stage, put_up
from bot.cli.demo.walk.browser import eventually

pytestmark = pytest.mark.timeout(240)

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHOTS = Path(os.environ.get("TIDEGATE_SCREENSHOTS", ""))


def chromium() -> str:
    """Where Chromium is. In CI a missing one is a failure."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "Chromium is not here (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless browser."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield opened
        await opened.close()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The demo as a person finds it: one pull request, planned."""
    async with put_up(tmp_path, None, 0, print) as up:
        yield up


async def pictured(page: Page, file: Path) -> bool:
    """Take a picture of the comment; not while the page puts a newer one in its place."""
    try:
        await page.locator(".comment.bot").first.screenshot(path=str(file))
    except Error:
        return False
    return True


async def test_a_person_approves_and_merges(stage: Stage, browser: Browser, tmp_path: Path) -> None:
    number = await stage.open_first()
    page = await browser.new_page(viewport={"width": 1280, "height": 1800})
    page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    await page.goto(f"{stage.place.forge}/login")
    await page.get_by_text(stage.place.approver, exact=False).first.click()
    await page.goto(f"{stage.place.forge}/{stage.place.repository}/pull/{number}")
    await expect(page.locator(".comment.bot").first).to_contain_text("after merge")
    await page.wait_for_timeout(1100)
    await page.fill("#comment-body", "/gate approve staging")
    await page.locator("button[name=comment]").click()
    await expect(page.locator(".comment.bot").first).to_contain_text("Approved: staging")
    await page.locator("button[name=approve]").click()
    shots = SHOTS if SHOTS.name else tmp_path
    await page.screenshot(path=str(shots / "pull-request.png"), full_page=True)
    await eventually(lambda: pictured(page, shots / "comment.png"), "the comment never stood still")
    assert (shots / "pull-request.png").stat().st_size > 20_000
    await page.locator("button[name=merge]").click()
    await expect(page.locator("body")).to_contain_text("staging is at")
    await page.screenshot(path=str(shots / "merged.png"), full_page=True)
    await page.goto(f"{stage.place.tidegate}/environments/local/{stage.place.repository}/staging")
    await expect(page.locator("body")).to_contain_text("healthy")
    assert any("web:1.5.0" in text for text in stage.place.objects("staging").values())
    await page.screenshot(path=str(shots / "environment.png"), full_page=True)
