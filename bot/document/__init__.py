"""Documents: bytes → values with positions, values → YAML, and archives → files.

YAML is read the way `kubectl` reads it, JSON the way RFC 8259 has it, TOML as version 1.0 has it, all within limits
that hold before anything is built. Banned here: what a value means (kinds, environments, rules), and quoting a value in
an error.
"""

from bot.document.archive import ArchiveLimits, unpack
from bot.document.dump import dump, dump_in_order
from bot.document.load import load_documents, load_json
from bot.document.text import readable
from bot.document.toml import load_toml
from bot.document.value import Document, Limits

__all__ = [
    "ArchiveLimits",
    "Document",
    "Limits",
    "dump",
    "dump_in_order",
    "load_documents",
    "load_json",
    "load_toml",
    "readable",
    "unpack",
]
