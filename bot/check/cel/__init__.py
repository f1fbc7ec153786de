"""CEL as the API server has it: expressions over JSON values.

Kubernetes' own functions are there but `authorizer`. Whatever has no result is an error, never a value.
"""
