"""Tidegate: a GitOps pull-request bot. You approve a state, and exactly that state is applied."""

__version__ = "0.1.0"
