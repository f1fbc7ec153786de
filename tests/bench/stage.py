"""The stage as a process of its own, with a server that looks around as rarely as it does in production."""

import asyncio
import signal
import sys
from pathlib import Path

from bot.cli.demo.stage import put_up

INTERVALS = {"drift": 60, "repository": 60, "retry": 1}


async def main(folder: Path) -> None:
    """Put up, install, say so, wait for Ctrl-C."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    folder.mkdir()
    async with put_up(folder, None, 0, lambda _: None, INTERVALS) as stage:
        await stage.open_first()
        print("ready", flush=True)
        await stop.wait()


asyncio.run(main(Path(sys.argv[1])))
