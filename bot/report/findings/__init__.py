"""What a checkup found, written for people and for other programs; pure, and without any value of a Secret."""

from bot.report.findings.shape import Summary, summarise, to_json

__all__ = ["Summary", "summarise", "to_json"]
