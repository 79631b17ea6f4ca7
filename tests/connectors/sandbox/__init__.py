"""Tests of the sandbox, one module per module."""
