"""Language processing for English and Chinese: detection, normalisation, segmentation, encoding."""
