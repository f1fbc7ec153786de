"""Bare repositories by the program `git`: what they hold, and writing to them."""
