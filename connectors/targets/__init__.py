"""The APIs that are kept in step: how each is read, and how its changes are delivered."""
