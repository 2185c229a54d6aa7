"""The append-only decision log: its hash chain, decision inputs and reproduction."""
