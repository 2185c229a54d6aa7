"""How instants are written."""

from datetime import UTC, datetime


def rfc3339(instant: datetime) -> str:
    """Return `instant` in UTC in the format of RFC 3339, with a Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
