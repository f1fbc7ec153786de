"""What handlers find in the application."""

from aiohttp import web

from bot.flow.world import World

__all__ = ["WORLD"]

WORLD: web.AppKey[World] = web.AppKey("world", World)
