"""What the operator of a stage's server does."""

from typing import Any

import yaml

from bot.cli.demo.stage import Stage

__all__ = ["configure"]


def configure(stage: Stage, **more: Any) -> None:
    """Change the server's settings; it reads them when it is started again."""
    file = stage.place.pid_file.with_name("server.yaml")
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | more))
