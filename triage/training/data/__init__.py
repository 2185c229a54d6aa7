"""The emotion model's training data: messages, their labels, and augmentation."""
