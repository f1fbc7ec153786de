"""`python -m bot.cli` is the program `tidegate`."""

from bot.cli import main

main()
