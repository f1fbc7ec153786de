"""What a checkup found, written for people and for other programs; pure, and without any value of a Secret.

Each form is a module of its own: `text`, `shape` (JSON), `sarif`, `junit`, `github`.
"""
