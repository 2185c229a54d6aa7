"""The agents' desk: the queue, and one case with its reasons, messages and suggestion."""
