"""Bringing in what a render needs from outside the repository, pinned by its content: charts from repositories.

Banned here: anything that is not pinned, every place that the server's settings do not allow, and a login anywhere but
where they say.
"""

from bot.fetch.charts import Charts
from bot.fetch.dispatch import Fetchers
from bot.fetch.logins import Logins

__all__ = ["Charts", "Fetchers", "Logins"]
