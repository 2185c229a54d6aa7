"""What is wrong with the rules, in the page's language."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.pages.shared.rendering import Page
from triage.errors import RuleFault


@dataclass(frozen=True)
class ShownFault:
    """A fault in the page's language, with its line number (0: none) and the text of the line."""

    line: int
    rule: str | None
    what: str
    line_text: str = ""


def shown_faults(page: Page, faults: Iterable[RuleFault], text: str) -> list[ShownFault]:
    """Return the faults of `text` in the page's language.

    What the parsers of YAML and of conditions say themselves stays English.
    """
    lines = ["", *text.split("\n")]
    return [
        ShownFault(
            fault.line,
            fault.rule,
            fault.describe(page.translate),
            lines[fault.line].strip() if fault.line < len(lines) else "",
        )
        for fault in faults
    ]
