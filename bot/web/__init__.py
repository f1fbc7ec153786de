"""The server's HTTP side: the webhook endpoint, pages for people, health and metrics.

Banned here: rules, and work that takes long. A webhook is stored and answered; everything else happens in `flow`.
"""

from bot.web.site import make_site

__all__ = ["make_site"]
