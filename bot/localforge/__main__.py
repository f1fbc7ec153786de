"""The local forge as its own process: `python -m bot.localforge --state DIR --listen 127.0.0.1:PORT`.

Prints one line of JSON when it is ready: url, api_url, app_id. Seed it by `POST /_admin/…`.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from bot.localforge.server import ForgeSettings, start


async def serve(state: Path, host: str, port: int) -> None:
    """Run until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with await start(ForgeSettings(state=state, host=host, port=port)) as forge:
        print(json.dumps({"url": forge.url, "api_url": forge.api_url, "app_id": forge.app_id}), flush=True)
        await ended.wait()


def main() -> int:
    """Read the options; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.localforge", description="A small forge on this machine only.")
    parser.add_argument("--state", type=Path, required=True, help="folder that holds everything")
    parser.add_argument("--listen", default="127.0.0.1:0", help="loopback address and port (port 0: any free one)")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    try:
        asyncio.run(serve(options.state, host.strip("[]") or "127.0.0.1", int(port)))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
