"""A folder as a target: one canonical YAML file per object, and an inventory of what is Tidegate's.

The inventory names every file that may be changed or removed; no other file is ever touched. It is written ahead of the
files it names, so that a crash at any point leaves nothing that nobody knows of.

Banned here: following symbolic links, paths that are not relative to an open folder, and writing without the lock.
"""

from bot.target.directory.directory import Directory

__all__ = ["Directory"]
