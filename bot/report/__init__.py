"""Reports: what to say and in what order (`compose`), apart from how to write it for a comment, a check or a page.

Banned here: I/O, clocks, and the name of any forge.
"""
