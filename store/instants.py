"""The text format of instants."""

from datetime import UTC, datetime


def rfc3339(instant: datetime) -> str:
    """Return `instant` in UTC in the format of RFC 3339, ending with Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
