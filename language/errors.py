"""Errors of models and of the data that they are trained on.

LanguageError
├── ModelError        a model cannot be loaded
├── BaseModelError    the model to start training from is missing or is not the expected one
└── CorpusError       a data set is missing
"""


class LanguageError(Exception):
    """Base class of this package's errors."""


class ModelError(LanguageError):
    """A model cannot be loaded: missing, altered, or of a kind that is not installed."""


class BaseModelError(LanguageError):
    """The model to start training from is missing or is not the expected one."""


class CorpusError(LanguageError):
    """A data set is missing or not in its published form."""
