"""`python -m bot.cli` is the program `tidegate`."""

from bot.cli import main

if __name__ == "__main__":  # a process that is spawned imports this module too
    main()
