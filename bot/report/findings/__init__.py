"""What a checkup found, written for people and for other programs; pure, and without any value of a Secret."""

from bot.report.findings.github import to_github
from bot.report.findings.junit import to_junit
from bot.report.findings.sarif import to_sarif
from bot.report.findings.shape import Summary, summarise, to_json
from bot.report.findings.text import summary_line, to_text

__all__ = ["Summary", "summarise", "summary_line", "to_github", "to_json", "to_junit", "to_sarif", "to_text"]
