"""Two sample inventories, two nights each, and the unitsync.yaml that syncs them.

A package only so that `unitsync demo` finds the files wherever unitsync is installed.
"""
