"""What the encoder is trained to do: each module gives batches and their loss."""
