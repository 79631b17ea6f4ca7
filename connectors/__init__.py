"""The outside world: sources, targets, the one HTTP client, and the sandbox of both vendors."""
