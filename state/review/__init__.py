"""What `unitsync review` shows: the tables of the copy, their words, the queries to start from."""
