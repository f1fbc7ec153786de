"""Puts what was found where it belongs, in the form that was asked for."""

import json
from pathlib import Path

import typer

from bot.cli.check.request import CheckRequest
from bot.cli.check.sources import sources
from bot.cli.terminal import coloured
from bot.errors import InputError
from bot.model.checked import Checked
from bot.report.findings.shape import summarise
from bot.report.findings.text import summary_line, to_text

__all__ = ["write"]


def write(request: CheckRequest, checked: Checked, top: Path, seconds: float) -> None:
    """To the file that was named, else to standard output. InputError: the file cannot be written."""
    text = written(request, checked, top, seconds)
    if request.output is None:
        typer.echo(text, nl=not text.endswith("\n"), color=True)
        return
    try:
        request.output.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{request.output}: cannot be written: {error.strerror}") from None
    typer.echo(summary_line(summarise(checked, seconds)), err=True)


def written(request: CheckRequest, checked: Checked, top: Path, seconds: float) -> str:
    """The findings in the form that was asked for; the module of each is loaded when it is."""
    match request.form:
        case "json":
            from bot.report.findings.shape import to_json

            return json.dumps(to_json(checked, seconds), indent=2, ensure_ascii=False)
        case "sarif":
            from bot.report.findings.sarif import to_sarif

            return json.dumps(to_sarif(checked), indent=2, ensure_ascii=False)
        case "junit":
            from bot.report.findings.junit import to_junit

            return to_junit(checked, seconds)
        case "github":
            from bot.report.findings.github import to_github

            return to_github(checked)
    return to_text(checked, sources(top, checked), seconds, request.output is None and coloured())
