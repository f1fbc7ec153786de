"""What GitHub's REST API and its webhooks show of a row: the same shapes for both."""
