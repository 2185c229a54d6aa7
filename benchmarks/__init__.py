"""What is measured: speed and memory, each beside a baseline in the same run."""
