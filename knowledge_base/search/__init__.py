"""How articles are found: the derived index and the search over it."""
