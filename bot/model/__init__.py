"""The nouns that more than one room uses: frozen, documented, without behaviour that does I/O.

Banned here: I/O, and any noun that a single room uses (it belongs to that room).
"""
