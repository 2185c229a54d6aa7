"""Cases: their queue, corrections of facts, offers and surveys."""
