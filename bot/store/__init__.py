"""The store: tables, inbox, queue, and one file per aggregate; SQLite by default, PostgreSQL for replicas.

Functions of the aggregates are synchronous and take a connection, so that a caller composes them in one transaction.
Banned here: rules, and anything that only one of the databases can do.
"""

from bot.store.engine import Store

__all__ = ["Store"]
