"""Bringing in what a render needs from outside the repository, pinned by its content: charts from repositories.

Banned here: credentials, anything that is not pinned, and every place that the server's settings do not allow.
"""

from bot.fetch.charts import Charts
from bot.fetch.dispatch import Fetchers

__all__ = ["Charts", "Fetchers"]
