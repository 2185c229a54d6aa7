"""The exceptions of the triage.

TriageError
├── RulesError            a rule file is invalid; lists every fault with its line
│   ├── PolicyError
│   ├── RemediesError
│   └── LexiconError
├── CaseError
│   ├── CaseUnknown
│   ├── CaseTaken
│   ├── CaseResolved
│   ├── CaseNotClaimed
│   ├── CaseNotYours
│   ├── ApprovalPending
│   └── RootCauseUnknown
├── OfferError
│   ├── OfferUnknown
│   ├── RemedyUnknown
│   ├── AmountNotAllowed
│   │   └── AboveLimit
│   ├── ReasonMissing
│   ├── OfferConflict
│   ├── CorrectionRefused
│   ├── OwnApproval
│   ├── NotAuthorised
│   ├── AlreadyDecided
│   └── OfferExpired
├── VersionError
│   ├── VersionUnknown
│   └── RulesChanged
└── LogError
    ├── DecisionUnknown
    └── VerdictUnknown
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


class TriageError(Exception):
    """Base of all exceptions of the triage."""


@dataclass(frozen=True)
class RuleFault:
    """One fault in a rule file.

    Attributes:
        line: The line in the file, from 1.
        rule: The id of the rule, if the fault is inside one.
        what: The message, a translatable sentence with placeholders such as %(name)s.
        about: The values of the placeholders.
    """

    line: int
    rule: str | None
    what: str
    about: Mapping[str, str] = field(default_factory=dict, hash=False)

    def describe(self, translate: Callable[[str], str] = str) -> str:
        """Return the message, translated by `translate` and filled in."""
        sentence = translate(self.what)
        return sentence % self.about if self.about else sentence

    def __str__(self) -> str:
        """Return the line, the rule and the message in one line."""
        where = f"line {self.line}" + (f", {self.rule}" if self.rule else "")
        return f"{where}: {self.describe()}"


class RulesError(TriageError):
    """A rule file is invalid; `faults` has every fault in the order of the lines."""

    def __init__(self, faults: Iterable[RuleFault]) -> None:
        """Sort `faults` by line and put all of them into the message."""
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(map(str, self.faults)))


class PolicyError(RulesError):
    """The policy is invalid."""


class RemediesError(RulesError):
    """The remedies are invalid."""


class VersionError(TriageError):
    """Base of errors about versions of the policy or the remedies."""


class VersionUnknown(VersionError):
    """There is no such version."""


class RulesChanged(VersionError):
    """Another version is in force than the one that was edited."""


class LexiconError(RulesError):
    """The lexicon is invalid."""


class CaseError(TriageError):
    """Base of errors about cases."""


class CaseUnknown(CaseError):
    """There is no such case."""


class CaseTaken(CaseError):
    """Another agent has claimed the case."""


class CaseResolved(CaseError):
    """The case is already resolved."""


class CaseNotClaimed(CaseError):
    """The case has not been claimed."""


class CaseNotYours(CaseError):
    """Another agent has claimed the case, so this one may not act on it."""


class ApprovalPending(CaseError):
    """An offer of the case is waiting for approval."""


class RootCauseUnknown(CaseError):
    """The root cause is not in the list of the remedies."""


class OfferError(TriageError):
    """Base of errors about offers."""


class OfferConflict(OfferError):
    """The request id was already used with different content."""


class CorrectionRefused(OfferError):
    """The fact cannot be corrected, or cannot have this value."""


class OfferUnknown(OfferError):
    """There is no such offer."""


class RemedyUnknown(OfferError):
    """There is no such remedy."""


class AmountNotAllowed(OfferError):
    """The amount or its currency is not allowed for the remedy."""


class AboveLimit(AmountNotAllowed):
    """The amount is above the maximum of the remedy, which nobody may exceed."""


class ReasonMissing(OfferError):
    """A reason is required and was not given."""


class OwnApproval(OfferError):
    """An offer may not be approved by the person who made it."""


class NotAuthorised(OfferError):
    """The role may not approve offers."""


class AlreadyDecided(OfferError):
    """The offer has already been approved or refused."""


class OfferExpired(OfferError):
    """The offer has expired."""


class LogError(TriageError):
    """Base of errors about the decision log."""


class DecisionUnknown(LogError):
    """There is no such decision."""


class VerdictUnknown(LogError):
    """There is no such verdict."""
