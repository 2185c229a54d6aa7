"""The agents' desk: the queue and one case with all that is needed to put it right."""
