"""The story of the demo played without a person, through what a user has: HTTP, pages and files.

Banned here: every other package of `bot`. What the walk sees is what a user could see.
"""
