"""What the verdicts and the last days say, as text for a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from triage.analytics import reliability
from triage.analytics.drift import Drift, Report
from triage.analytics.reliability import Estimate
from triage.analytics.thresholds import Cost, Finding, Proposal
from triage.analytics.verdict_sample import Sample


def calibration(sample: Sample, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of `amends triage-calibrate`."""
    found = reliability.figures(sample)
    yield f"{len(sample.judged)} of {sum(sample.by_action.values())} decisions are judged;"
    yield "each counts for as many decisions of its action as it stands for."
    if sample.policies > 1:
        yield f"{sample.policies} different policies decided in this period."
    yield ""
    yield f"{'precision of handovers':34}{_share(found.precision)}"
    yield f"{'recall of handovers':34}{_share(found.recall)}"
    yield f"{'not needed, in 1,000 decisions':34}{_number(found.false)}"
    yield f"{'missed, in 1,000 decisions':34}{_number(found.missed)}"
    for language, one in reliability.by_language(sample).items():
        yield f"{language}: precision {_share(one.precision)}, recall {_share(one.recall)}"
    yield from _rules(sample)
    yield from _curves(sample)
    yield from _proposals(found.lacking, findings)


def drift(found: Report) -> Iterator[str]:
    """Yield the lines of `amends drift`."""
    yield f"{found.first} to {found.last}, beside the four weeks before:"
    for drift in found.drifts:
        yield f"{drift.name:16}{drift.language}  {_drift(drift)}"
    if not found.drifts:
        yield "Nothing was said or decided in these weeks."
    if found.flagged:
        for change in found.changes:
            yield f"A likely cause: another {change.what} since {change.at:%Y-%m-%d %H:%M}"
            yield f"  {change.hash}"


def _drift(drift: Drift) -> str:
    if not drift.enough:
        return f"too little to tell ({drift.seen} in the four weeks before)"
    now = "–" if drift.recent_share is None else f"{drift.recent_share:.1%}"
    shares = f"{drift.baseline_share or 0:.1%} → {now}"
    if not drift.flagged:
        return shares
    days = ", ".join(f"{point.count.day}" for point in drift.recent if point.outside)
    return f"{shares}  OUTSIDE {days or 'taken together'}"


def _rules(sample: Sample) -> Iterator[str]:
    yield "\nrule                              judged  right            of all who needed a person"
    for one in reliability.by_rule(sample):
        right, caught = _share(one.precision), _share(one.caught)
        yield f"{one.rule:34}{one.precision.judged:6}  {right:16} {caught}"


def _curves(sample: Sample) -> Iterator[str]:
    for fact in reliability.LEVELS:
        for number, one in enumerate(reliability.curve(sample.judged, fact)):
            if not number:
                yield f"\n{fact:24}handovers  right            others  missed"
            level = f"{one.low:.2f} – {one.high:.2f}"
            right = f"{one.right.judged:9}  {_share(one.right):16}"
            yield f"{level:24}{right} {one.others:6}  {one.missed:6}"


def _proposals(lacking: Mapping[str, int], findings: Sequence[Finding]) -> Iterator[str]:
    yield ""
    if lacking:
        more = ", ".join(f"{count} on {action}" for action, count in lacking.items())
        yield f"Too few verdicts to change anything. About so many more are needed: {more}."
        return
    proposals = [one.proposal for one in findings if one.proposal]
    if not proposals:
        yield "No other number would have done better with any certainty."
    for proposal in proposals:
        yield from _proposal(proposal)


def _proposal(proposal: Proposal) -> Iterator[str]:
    yield f"In 1,000 decisions: not needed {_cost(proposal.false)}; missed {_cost(proposal.missed)}"
    yield proposal.diff


def _cost(one: Cost) -> str:
    change = one.change
    then = max(0.0, one.now + (change.value or 0))
    return f"{one.now:.1f} → {then:.1f} ({change.low:+.1f} to {change.high:+.1f})"


def _share(one: Estimate) -> str:
    interval = f"{one.low:.0%}–{one.high:.0%}"
    return f"({interval})" if one.value is None else f"{one.value:.0%} ({interval})"


def _number(one: Estimate) -> str:
    interval = f"{one.low:.1f}–{one.high:.1f}"
    return f"({interval})" if one.value is None else f"{one.value:.1f} ({interval})"
