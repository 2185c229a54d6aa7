"""Is every stored decision what its policy makes of its facts, and of its messages?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from conversation.hindsight import Past, pasts
from conversation.judgement import judge
from triage.analytics.history import failed
from triage.audit.log import Fault
from triage.audit.stored_facts import (
    recall,
    words_of,
)
from triage.policy.policy import Policy

# What is compared of a decision; the first version kept the first three only.
_FIRST = ("action", "priority", "rules")
_HELD = (*_FIRST, "reasons", "senior", "wording")


@dataclass(frozen=True)
class Reproduced:
    """What came of making every decision again.

    `exact` came out the same to the last word, `by_facts` of them from their facts only, since a
    version made them that did not keep what they saw; `elsewhere` were made under a policy that is
    not at hand, and `failed` by no policy. `faults` are those that came out otherwise.
    """

    exact: int
    by_facts: int
    elsewhere: int
    failed: int
    faults: tuple[Fault, ...]


def reproduce(connection: Connection, policies: Mapping[str, Policy]) -> Reproduced:
    """Make every decision of the log again under its own policy, of `policies` by their hash.

    Each is made twice: from the facts that were stored, and from the messages as they stood.
    """
    counts = dict.fromkeys(("exact", "by_facts", "elsewhere", "failed"), 0)
    faults: list[Fault] = []
    for past in pasts(connection):
        for decision in past.decisions:
            policy = policies.get(decision.policy_hash)
            if failed(decision.rules):
                counts["failed"] += 1
            elif policy is None:
                counts["elsewhere"] += 1
            elif found := [Fault(decision.id, what) for what in _differs(policy, past, decision)]:
                faults += found
            else:
                counts["exact"] += 1
                counts["by_facts"] += decision.circumstances is None
    return Reproduced(**counts, faults=tuple(sorted(faults, key=lambda fault: fault.id)))


def _differs(policy: Policy, past: Past, decision: Row[Any]) -> Iterator[str]:
    recalled = recall(decision.facts, decision.evidence)
    if not recalled.is_whole:
        yield f"its facts are of another version ({recalled})"
        return
    kept = dict(decision._mapping)
    yield from _unlike("facts", kept, policy.decide(recalled.facts).as_json())
    if decision.circumstances is None:
        return
    facts, anew = judge(policy, *past.saw(decision))
    gathered = {"facts": facts.as_json(), "evidence": words_of(facts)}
    yield from _unlike("messages", kept, anew.as_json() | gathered)


def _unlike(source: str, kept: Mapping[str, Any], anew: Mapping[str, Any]) -> Iterator[str]:
    names = _HELD if kept["evidence"] is not None else _FIRST
    if source == "messages":
        names = (*names, "evidence")
        for name, value in anew["facts"].items():
            if kept["facts"][name] != value:
                was = kept["facts"][name]
                yield f"from its messages the fact {name} is {value!r}, not {was!r}"
    for name in names:
        if kept[name] != anew[name]:
            yield f"from its {source} the {name} would be {anew[name]!r}, not {kept[name]!r}"
