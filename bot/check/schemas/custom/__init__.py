"""Custom resources: found sound, settled and judged as the API server does it, by their definitions."""
