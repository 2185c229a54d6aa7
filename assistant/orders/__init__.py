"""A company's order service: the port, its HTTP adapter and the demo shop."""
