"""The REST API, as far as an App needs it: one module for each part of GitHub's documentation of it."""

from bot.localforge.api import app, checks, git, issues, pulls, repositories

__all__ = ["PARTS"]

PARTS = (app, checks, issues, pulls, repositories, git)
"""The modules, each with its `routes`; of two that fit an address the first answers."""
