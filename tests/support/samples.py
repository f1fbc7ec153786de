"""The samples of every shipped policy: objects that it lets pass, and objects that it refuses."""

from pathlib import Path
from typing import Any

import yaml

__all__ = ["NAMES", "samples"]

FOLDER = Path(__file__).parents[1] / "policies" / "samples"
NAMES = sorted(each.name for each in FOLDER.iterdir())


def samples(name: str, verdict: str) -> list[dict[str, Any]]:
    """The objects that a policy is to let `pass`, or to `fail`."""
    return [each for each in yaml.safe_load_all((FOLDER / name / f"{verdict}.yaml").read_text()) if each]
