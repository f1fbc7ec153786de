"""Comparing values and sets of resources, saying where each change comes from, and masking secrets at birth.

Banned here: I/O, and text for people beyond the markers that stand in for what is masked.
"""

from bot.diff.attribute import attribute, to_approve
from bot.diff.canonical import canonical
from bot.diff.compare import Live, compare
from bot.diff.conceal import conceal, lines_of, pieces
from bot.diff.described import redescribed
from bot.diff.digest import desired_digest, object_digest, render_digest
from bot.diff.fields import field_changes
from bot.diff.mask import mask, masked
from bot.diff.normalise import normalise, stored
from bot.diff.pointer import key_of

__all__ = [
    "Live",
    "attribute",
    "canonical",
    "compare",
    "conceal",
    "desired_digest",
    "field_changes",
    "key_of",
    "lines_of",
    "mask",
    "masked",
    "normalise",
    "object_digest",
    "pieces",
    "redescribed",
    "render_digest",
    "stored",
    "to_approve",
]
