"""Localised formats of instants, durations, shares and money, by Babel."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent

from triage.policy.calendar import DAYS


@dataclass(frozen=True)
class Formats:
    """The formats of one locale.

    Instants are shown in UTC; with scripts the browser converts them to its own time zone.
    """

    locale: Locale

    def instant(self, instant: datetime) -> str:
        """Return date and time, such as 22 Nov 2026, 14:05."""
        return format_datetime(instant, "medium", tzinfo=UTC, locale=self.locale)

    def day(self, day: date) -> str:
        """Return a date in words."""
        return format_date(day, "long", locale=self.locale)

    def weekday(self, name: str) -> str:
        """Return the name of a day of the week, such as Monday for monday."""
        monday = date(2024, 1, 1)
        day = monday + timedelta(days=DAYS.index(name))
        return str(format_date(day, "EEEE", locale=self.locale))

    def clock(self, since_midnight: timedelta) -> str:
        """Return a time of day from 00:00 to 24:00."""
        minutes = int(since_midnight.total_seconds() // 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"

    def short_day(self, day: date) -> str:
        """Return day and month, such as 22 Nov."""
        pattern = "M/d" if self.locale.language == "zh" else "d MMM"
        return format_date(day, pattern, locale=self.locale)

    def span(self, span: timedelta) -> str:
        """Return a length of time in one unit, such as 12 mins."""
        return format_timedelta(
            span, granularity="second", threshold=1.2, format="short", locale=self.locale
        )

    def span_to(self, span: timedelta) -> str:
        """Return a duration from now, such as in 12 minutes or 3 hours ago."""
        return format_timedelta(
            span, granularity="second", threshold=1, add_direction=True, locale=self.locale
        )

    def share(self, value: float) -> str:
        """Return a share from 0 to 1 as a percentage."""
        return format_percent(value, locale=self.locale)

    def number(self, value: float) -> str:
        """Return a number with its separators."""
        return format_decimal(value, locale=self.locale)

    def money(self, amount: Decimal | str, currency: str) -> str:
        """Return an amount with its currency; an invalid amount is returned unchanged."""
        try:
            return format_currency(Decimal(amount), currency, locale=self.locale)
        except InvalidOperation:
            return str(amount)
