"""What keeps the product from starting."""


class CannotServe(Exception):
    """Something that serving needs is missing; the text says what, and what to do."""
