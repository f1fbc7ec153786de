"""Metrics: they are there most of all when something is down."""

from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from bot.web import make_site
from tests.support.alone import alone


async def test_a_store_that_is_down_hides_no_other_number(tmp_path: Path) -> None:
    async with alone(tmp_path) as world:
        (tmp_path / "store.db").rename(tmp_path / "away.db")
        (tmp_path / "store.db").mkdir()
        async with TestClient(TestServer(make_site(world))) as client, client.get("/metrics") as answer:
            text = await answer.text()
            assert answer.status == 200
        assert "tidegate_queue_ready NaN" in text
        assert "tidegate_http_seconds" in text


async def test_what_strangers_ask_for_makes_no_new_number(tmp_path: Path) -> None:
    async with alone(tmp_path) as world, TestClient(TestServer(make_site(world))) as client:
        for path in ("/webhook/made-up", "/made-up"):
            async with client.post(path, data=b"{}") as answer:
                assert answer.status in (404, 405)
        async with client.get("/metrics") as answer:
            text = await answer.text()
    assert 'tidegate_webhooks_total{forge="unknown",status="404"}' in text
    assert "made-up" not in text
