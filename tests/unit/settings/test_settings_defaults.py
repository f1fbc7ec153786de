"""What a command renders with where no settings are named is what the settings' own defaults say."""

from dataclasses import asdict

from bot.model.rendering import Rendering
from bot.settings import RenderSettings


def test_the_defaults_are_the_settings() -> None:
    assert asdict(Rendering()) == RenderSettings(jail="best-effort").model_dump()
