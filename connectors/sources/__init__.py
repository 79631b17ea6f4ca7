"""Where an inventory comes from; a file so far, in any of six formats."""
