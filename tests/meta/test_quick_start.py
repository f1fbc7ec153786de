"""Commands start quickly: they do not load what only the server, or only a mistake, needs."""

import subprocess
import sys

HEAVY = ("aiohttp", "alembic", "cel_expr_python", "jsonschema", "pydantic", "sqlalchemy", "structlog")


def test_a_check_of_a_repository_loads_nothing_heavy() -> None:
    script = (
        "import sys, bot.cli.commands, bot.cli.check.run as run;"
        "run.tools_of(None);"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
