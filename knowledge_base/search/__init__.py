"""Hybrid search over the articles: the index, its readers and the answers found in it."""
