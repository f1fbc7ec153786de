"""Kubernetes' own kinds: what there is in each of its minor versions, and what objects of it may hold."""
