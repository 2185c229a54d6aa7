"""The faults of rules in the page's language. The English sentences are those of the triage."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.pages.shared.rendering import Page
from api.pages.shared.translation import N_
from triage.errors import RuleFault

SENTENCES = (
    N_("anchors and aliases (& and *) are not for rules: write it out"),
    N_("tags (!) are not for rules"),
    N_("too many levels"),
    N_("a text longer than 2,000 characters"),
    N_("`%(name)s` is one of %(options)s, not %(value)s"),
    N_("the file is longer than %(most)s characters"),
    N_("`%(name)s` is true or false, not %(value)s"),
    N_("`%(name)s` needs a number from 0 to %(most)s, not %(value)s"),
    N_("not YAML"),
    N_("`%(key)s` needs a mapping"),
    N_("`%(name)s` needs a list of numbers"),
    N_("`%(name)s` has no text for %(language)s"),
    N_("`%(key)s` needs a list of rules"),
    N_("an id is written with small letters, digits and _"),
    N_("two rules have this id"),
    N_("a mapping is expected"),
    N_("unknown key %(name)s"),
    N_("cannot be read: %(error)s"),
    N_("only a handover has a priority"),
    N_("`because` needs a list of facts"),
    N_("a case is not resolved before its first reply"),
    N_("no fact is called %(name)s"),
    N_("`%(name)s` needs a list of hours such as [08:00-17:30]"),
    N_("hours are written as 08:00-17:30, not as %(value)s"),
    N_("`%(name)s` needs a list of dates such as [2026-12-25]"),
    N_("no hour of the week is open"),
    N_("no time zone is called %(name)s; one is called Europe/London"),
    N_("a day ends at 24:00"),
    N_("there are 1,000 holidays at most"),
    N_("these hours overlap with others of the day"),
    N_("closes before it opens; hours past midnight belong to the next day"),
    N_("a holiday is a date such as 2026-12-25, not %(value)s"),
    N_("a condition cannot call %(name)s, only %(allowed)s"),
    N_("a condition has 1,000 characters at most"),
    N_("a condition has no backslash, comment, back-tick or threefold quote"),
    N_("a condition says yes or no, this one %(result)s"),
    N_("`when` needs a condition"),
    N_("a condition has brackets 20 deep at most"),
    N_("bad condition: %(error)s"),
    N_("`currency` is a code of three capital letters (ISO 4217)"),
    N_("there is no remedy `apology`, which is always in place"),
    N_("no amount of money is called %(name)s"),
    N_("%(name)s may not weigh here: only what happened does"),
    N_("`instead` needs a list of remedies"),
    N_("no remedy of money is called %(name)s"),
    N_("there are five bands, none below the one before"),
    N_("the cap is a share of the order's value, not more than 1"),
    N_("%(name)s is not a remedy of money"),
    N_("a share is not more than 1"),
    N_("a remedy of money, and no other, has a `most`: a fact or `gesture`"),
    N_("there are no amounts in %(currency)s"),
    N_("an overlap: %(one)s and %(other)s can both give %(remedy)s at once"),
    N_("no currency has the code %(name)s (ISO 4217)"),
    N_("the smallest amount in %(currency)s is %(unit)s"),
    N_("the highest band is more than one gesture may be"),
    N_("a gap: nothing is given where the problem is %(name)s"),
    N_("no remedy is called %(name)s"),
    N_("`%(name)s` is missing"),
)


@dataclass(frozen=True)
class ShownFault:
    """A fault in the page's language, with its line number (0: none) and the text of the line."""

    line: int
    rule: str | None
    what: str
    line_text: str = ""


def shown_faults(page: Page, faults: Iterable[RuleFault], text: str) -> list[ShownFault]:
    """Return the faults of `text` in the page's language.

    Messages of the YAML and CEL parsers are not translated.
    """
    lines = ["", *text.split("\n")]
    return [
        ShownFault(
            fault.line,
            fault.rule,
            fault.told(page.translate),
            lines[fault.line].strip() if fault.line < len(lines) else "",
        )
        for fault in faults
    ]
