"""Pure functions on frames: map, validate, group, fingerprint, diff, guard, compare.

Nothing in this room reads a file, a clock, a network or a random source; it knows no other room.
"""
