"""Files outside environments, which `schemas` of tidegate.yaml maps to JSON Schemas."""

from bot.cli.check.gather import CONFIGURATION, Gathered
from bot.model.plan import Finding

__all__ = ["other_files"]


def other_files(gathered: Gathered) -> tuple[Finding, ...]:
    """What is wrong with them. They are not validated yet, and what is not is never a pass."""
    schemas = gathered.configuration.schemas
    if not schemas:
        return ()
    message = f"files of {len(schemas)} `schemas` were not validated: that is not supported yet"
    fix = "remove `schemas`, or validate these files by other means"
    return (Finding(check="files", level="unknown", message=message, fix=fix, path=CONFIGURATION),)
