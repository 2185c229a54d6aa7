"""How often drift is flagged where there is none, and how soon where there is.

Days of 28 shares, with weekdays that differ and days that are overdispersed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import typer

from triage.analytics.daily_counts import Count, Series
from triage.analytics.drift import BASELINE, WINDOW, watch

SHARES = (0.005, 0.02, 0.1, 0.3, 0.5, 0.8, 0.05)
SERIES = 28
LOOKS = 400
PLANTED = 100
# How busy each weekday is, and how much higher (in log odds) its shares lie.
_BUSY = (1, 1, 1, 1, 1.2, 0.5, 0.4)
_HIGHER = (0, 0, 0, 0, 0.1, 0.5, 0.4)

say = typer.echo


def simulated(
    random: np.random.Generator,
    share: float,
    a_day: float,
    scatter: float,
    shift: float = 0.0,
    shifted_days: int = 0,
) -> Series:
    """Return a series whose log odds scatter by day and rise by `shift` on its last days."""
    days: list[Count] = []
    for place in range(BASELINE + WINDOW):
        day = date(2026, 10, 1) + timedelta(days=place)
        odds = np.log(share / (1 - share)) + _HIGHER[day.weekday()]
        odds += scatter * random.standard_normal()
        odds += shift if place >= BASELINE + WINDOW - shifted_days else 0
        seen = random.poisson(a_day * _BUSY[day.weekday()])
        held = random.binomial(seen, 1 / (1 + np.exp(-odds)))
        days.append(Count(day, int(seen), int(held)))
    return Series("simulated", "en", tuple(days))


def stable(a_day: float, scatter: float, looks: int = LOOKS) -> Iterator[bool]:
    """Yield for each look at 28 stable shares whether any was flagged."""
    for look in range(looks):
        random = np.random.default_rng(look)
        shares = (SHARES[number % len(SHARES)] for number in range(SERIES))
        found = watch(simulated(random, share, a_day, scatter) for share in shares)
        yield any(drift.flagged for drift in found)


def planted(a_day: float, scatter: float, shifted_days: int) -> Iterator[bool]:
    """Yield for each look whether a doubled share of a tenth is flagged among 27 others."""
    for look in range(PLANTED):
        random = np.random.default_rng(look)
        shares = [simulated(random, SHARES[number % 7], a_day, scatter) for number in range(27)]
        shifted = simulated(random, 0.1, a_day, scatter, 0.8, shifted_days)
        found = watch([*shares, replace(shifted, name="shifted")])
        yield any(drift.flagged and drift.name == "shifted" for drift in found)


def run() -> None:
    """Print the rates."""
    say("a day  scatter  false alarms  found after 2 days  4 days  7 days")
    for a_day in (60, 300, 2_000):
        for scatter in (0.0, 0.1, 0.3):
            found = [np.mean([*planted(a_day, scatter, days)]) for days in (2, 4, 7)]
            alarms = np.mean([*stable(a_day, scatter)])
            shown = f"{found[0]:18.0%}  {found[1]:6.0%}  {found[2]:6.0%}"
            say(f"{a_day:5}  {scatter:7}  {alarms:12.2%}  {shown}")


if __name__ == "__main__":
    run()
