"""Readiness: what is looked at, and what of it takes a server out of service."""

import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.web import make_site
from tests.support.alone import alone

Usage = namedtuple("Usage", "total used free")
MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(("free", "ok", "status"), [(300, True, 200), (255, False, 200), (15, False, 503)])
async def test_a_disk_that_fills_up_is_told_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, ok: bool, status: int
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free * MEBIBYTE))
    async with alone(tmp_path) as world:
        site = make_site(replace(world, folders={"store": tmp_path}))
        async with TestClient(TestServer(site)) as client, client.get("/readyz") as answer:
            checks = {each["subject"]: each for each in (await answer.json())["checks"]}
    assert (answer.status, checks["disk of store"]["ok"]) == (status, ok)
    assert checks["disk of store"]["detail"] == f"{free} MiB left"
    assert ("make room there" in checks["disk of store"]["fix"]) is not ok
