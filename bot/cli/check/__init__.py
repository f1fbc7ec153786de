"""`tidegate check`: a whole repository rendered and judged on this machine, without a server."""
