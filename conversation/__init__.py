"""The life of a conversation: messages, turns, the work of agents, and events."""
