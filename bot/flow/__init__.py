"""The only place that puts stages in order: three level-triggered pieces of work, and the one spine they share.

`repository` makes the lists true, `pull_request` makes the report true, `environment` makes the environment equal to
its approved state or records why not. The last two run `assess`. Each is idempotent: it looks before it acts.

Banned here: sentences for people (words belong to gate and report), and functions over 40 lines.
"""
