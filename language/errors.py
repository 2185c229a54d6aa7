"""What can go wrong with models and with the data that they learn from.

LanguageError
├── ModelError        a model cannot be loaded
├── BaseModelError    the model to start training from is missing or is another
└── CorpusError       a data set is missing
"""


class LanguageError(Exception):
    """Base of everything that reading and learning languages raises."""


class ModelError(LanguageError):
    """A model cannot be loaded: missing, altered, or of a kind that is not installed."""


class BaseModelError(LanguageError):
    """The model to start from is missing or is not the one that is expected."""


class CorpusError(LanguageError):
    """A data set is missing or not in its published form."""
