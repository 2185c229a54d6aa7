"""Training objectives of the encoder: each module gives batches and their loss."""
