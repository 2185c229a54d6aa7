"""Everything that the triage raises.

TriageError
├── RulesError            a file of rules is not usable; lists every fault with its line
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
    """Base of all errors of the triage."""


@dataclass(frozen=True)
class RuleFault:
    """One fault in a file of rules: where (`line` counts from 1) and what.

    `what` is a sentence that can be translated; it has %(name)s for what stands in `about`.
    """

    line: int
    rule: str | None
    what: str
    about: Mapping[str, str] = field(default_factory=dict, hash=False)

    def told(self, translate: Callable[[str], str] = str) -> str:
        """Return what is wrong, in the words of `translate`."""
        sentence = translate(self.what)
        return sentence % self.about if self.about else sentence

    def __str__(self) -> str:
        """Return the fault as one line for people."""
        where = f"line {self.line}" + (f", {self.rule}" if self.rule else "")
        return f"{where}: {self.told()}"


class RulesError(TriageError):
    """A file of rules cannot be used; `faults` has every fault, in the order of its lines."""

    def __init__(self, faults: Iterable[RuleFault]) -> None:
        """Keep `faults`, and say all of them."""
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(map(str, self.faults)))


class PolicyError(RulesError):
    """The policy cannot be used."""


class RemediesError(RulesError):
    """The remedies cannot be used."""


class VersionError(TriageError):
    """A version of the policy or the remedies is not to be had."""


class VersionUnknown(VersionError):
    """There is no such version."""


class RulesChanged(VersionError):
    """The rules are others by now than those that were edited."""


class LexiconError(RulesError):
    """The lexicon cannot be used."""


class CaseError(TriageError):
    """A case cannot do what was asked."""


class CaseUnknown(CaseError):
    """There is no such case."""


class CaseTaken(CaseError):
    """Another agent has claimed the case."""


class CaseResolved(CaseError):
    """The case is resolved already."""


class CaseNotClaimed(CaseError):
    """Nobody has claimed the case yet."""


class CaseNotYours(CaseError):
    """The case is claimed by somebody else."""


class ApprovalPending(CaseError):
    """An offer of the case waits for approval."""


class RootCauseUnknown(CaseError):
    """A case is closed with a root cause from the list."""


class OfferError(TriageError):
    """An offer cannot be made or decided."""


class OfferConflict(OfferError):
    """The id of this request was used before, with another content."""


class CorrectionRefused(OfferError):
    """The fact cannot be corrected, or not to this value."""


class OfferUnknown(OfferError):
    """There is no such offer."""


class RemedyUnknown(OfferError):
    """The remedies have no such remedy."""


class AmountNotAllowed(OfferError):
    """The amount or its currency does not fit the remedy."""


class AboveLimit(AmountNotAllowed):
    """The amount is more than anybody may give for this remedy."""


class ReasonMissing(OfferError):
    """An offer and its decision need a reason."""


class OwnApproval(OfferError):
    """Nobody decides on an offer of their own."""


class NotAuthorised(OfferError):
    """The role may not approve offers."""


class AlreadyDecided(OfferError):
    """The offer does not wait for approval any more."""


class OfferExpired(OfferError):
    """The offer's time is over."""


class LogError(TriageError):
    """The log cannot do what was asked."""


class DecisionUnknown(LogError):
    """There is no such decision."""


class VerdictUnknown(LogError):
    """A verdict is one of the five of the list."""
