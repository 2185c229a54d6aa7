"""Search in the articles: the derived index, and the answers found in it."""
