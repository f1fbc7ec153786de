"""`tidegate.yaml` → environments, strict against its published schema; and which environments a change affects.

Banned here: deciding what a renderer reads, and I/O.
"""

from bot.config.affected import touched
from bot.config.parse import parse
from bot.config.propose import Proposal, propose
from bot.config.schema import schema

__all__ = ["Proposal", "parse", "propose", "schema", "touched"]
