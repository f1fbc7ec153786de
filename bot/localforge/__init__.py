"""A small forge that speaks GitHub's dialect, to try Tidegate on one machine and to test it against.

It holds bare git repositories, pull requests with their conversation, checks and Apps; it answers REST under `/api/v3`
(as GitHub Enterprise Server does), git over HTTP under `/<owner>/<name>.git`, pages for people under `/`, and it sends
signed webhooks. It listens on the loopback interface only, and knows no passwords.

Banned here: every other package of `bot` (what it shares with the code under test it cannot judge), and being imported
by anything but `bot.cli` and tests.
"""

from bot.localforge.server import ForgeSettings, LocalForge, start

__all__ = ["ForgeSettings", "LocalForge", "start"]
