"""One module per command: it reads its arguments, calls the engine and says how it went."""
