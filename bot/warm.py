"""Imported by the process that those which render and check are copies of: it loads what each of them needs.

What every one of them would load by itself takes a second of the processor and 60 MB.
"""

import gc

from bot import app, logs
from bot.check.policies import session
from bot.check.schemas.custom import kind
from bot.scanner.library import preload

__all__ = ["app", "kind", "logs", "session"]  # all that a process of the pool imports, at once or when it needs it

# what cannot be loaded here is tried again where it is needed, and told there
preload().join()
gc.freeze()  # a collection writes to all that it looks at, and so would copy what is shared
