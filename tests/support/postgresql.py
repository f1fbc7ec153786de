"""A throw-away PostgreSQL on the loopback interface, and new databases in it."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.cli.demo.stage import unused

__all__ = ["new_database", "running"]


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs: on PATH, or where Debian keeps them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return next((each.parent for each in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server, without a database. Skips, with the reason, where there is no PostgreSQL."""
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL's server programs are not here (Debian: apt-get install postgresql)")
    # not below pytest's own folder: every run of pytest shuts that to others, and PostgreSQL refuses to run as root
    place = Path(tempfile.mkdtemp(prefix="tidegate-postgresql-"))
    prefix: list[str] = []
    if os.getuid() == 0:
        shutil.chown(place, "nobody")
        prefix = ["setpriv", "--reuid=nobody", "--clear-groups"]
    data, port = place / "data", unused()
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    control: list[str | Path] = [*prefix, folder / "pg_ctl", "-D", data, "-w", "-l", place / "log"]
    try:
        run: list[str | Path] = [*prefix, folder / "initdb", "-A", "trust", "-U", "tidegate", "-D", data]
        subprocess.run(run, check=True, capture_output=True, cwd=place)
        subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=place)
        yield f"postgresql+psycopg://tidegate@127.0.0.1:{port}"
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=place)
    finally:
        shutil.rmtree(place)


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of a new, empty database, which is dropped at the end."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
