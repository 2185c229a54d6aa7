"""One customer message from arrival to reply, and the human side of a chat."""
