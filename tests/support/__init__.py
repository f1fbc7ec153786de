"""What several kinds of tests share: people at the forge, and words to wait for."""
