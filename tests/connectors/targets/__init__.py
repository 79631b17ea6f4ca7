"""Tests of the targets, against the sandbox behind a wire that can be cut."""
