"""The real programs that tests run: pinned, built once from Go modules into the user's cache folder."""
