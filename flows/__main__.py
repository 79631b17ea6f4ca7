"""`python -m flows` is `unitsync`."""

from flows.cli import main

main()
