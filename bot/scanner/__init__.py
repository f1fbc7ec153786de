"""Finding secrets in bytes. The library that does it is young, so nothing but this room knows it.

Banned here: what becomes of a finding, and trying whether a secret works.
"""
