"""Reading two languages: normalise, detect, segment, encode."""
