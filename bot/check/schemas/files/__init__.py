"""Files of a repository, judged by JSON Schemas of that repository."""

from bot.check.schemas.files.check import reads, validate_files

__all__ = ["reads", "validate_files"]
