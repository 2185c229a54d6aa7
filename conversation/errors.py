"""What can go wrong with a conversation.

ConversationError
├── ConversationUnknown
├── TokenRefused
├── ConversationClosed
├── MessageRefused
├── MessageConflict
└── SurveyRefused
"""


class ConversationError(Exception):
    """Anything that a conversation refuses; its text is a sentence for people."""


class ConversationUnknown(ConversationError):
    """No conversation has this id."""


class TokenRefused(ConversationError):
    """The token does not belong to this conversation."""


class ConversationClosed(ConversationError):
    """The conversation has ended; a new one may be started."""


class MessageRefused(ConversationError):
    """The text is empty, too long or not valid Unicode."""


class MessageConflict(ConversationError):
    """This message id was used before, with another text."""


class SurveyRefused(ConversationError):
    """The case is not resolved, or is not this conversation's."""
