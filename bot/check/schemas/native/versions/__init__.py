"""What Kubernetes publishes of its minor versions, made by `scripts/make_schemas.py` and `scripts/make_types.py`."""
