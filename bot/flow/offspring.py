"""Imported by the process that those of a pool are copies of: it ends when the server does, whatever they do then.

By itself it would stay for as long as one of them is busy.
"""

from bot.jail import end_with_parent

__all__: list[str] = []

end_with_parent()
