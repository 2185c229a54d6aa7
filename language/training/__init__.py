"""Training of the bilingual encoder; needs torch and transformers, which serving does not."""
