"""The reports of `amends triage-calibrate` and `amends drift`, as lines of text."""

from collections.abc import Iterator, Mapping, Sequence

from triage.analytics import reliability
from triage.analytics.drift import Drift, Report
from triage.analytics.reliability import Estimate
from triage.analytics.thresholds import Cost, Finding, Proposal
from triage.analytics.verdict_sample import Sample


def calibration_lines(sample: Sample, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of `amends triage-calibrate`."""
    figures = reliability.figures(sample)
    yield f"{len(sample.judged)} of {sum(sample.by_action.values())} decisions are judged;"
    yield "each counts for as many decisions of its action as it stands for."
    if sample.policies > 1:
        yield f"{sample.policies} different policies decided in this period."
    yield ""
    yield f"{'precision of handovers':34}{_share(figures.precision)}"
    yield f"{'recall of handovers':34}{_share(figures.recall)}"
    yield f"{'not needed, in 1,000 decisions':34}{_number(figures.false)}"
    yield f"{'missed, in 1,000 decisions':34}{_number(figures.missed)}"
    for language, own in reliability.by_language(sample).items():
        yield f"{language}: precision {_share(own.precision)}, recall {_share(own.recall)}"
    yield from _rule_lines(sample)
    yield from _curve_lines(sample)
    yield from _proposal_lines(figures.lacking, findings)


def drift_lines(report: Report) -> Iterator[str]:
    """Yield the lines of `amends drift`."""
    yield f"{report.first} to {report.last}, beside the four weeks before:"
    for drift in report.drifts:
        yield f"{drift.name:16}{drift.language}  {_drift(drift)}"
    if not report.drifts:
        yield "Nothing was said or decided in these weeks."
    if report.flagged:
        for change in report.changes:
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


def _rule_lines(sample: Sample) -> Iterator[str]:
    yield "\nrule                              judged  right            of all who needed a person"
    for figures in reliability.by_rule(sample):
        right, caught = _share(figures.precision), _share(figures.caught)
        yield f"{figures.rule:34}{figures.precision.judged:6}  {right:16} {caught}"


def _curve_lines(sample: Sample) -> Iterator[str]:
    for fact in reliability.LEVELS:
        for number, level in enumerate(reliability.curve(sample.judged, fact)):
            if not number:
                yield f"\n{fact:24}handovers  right            others  missed"
            interval = f"{level.low:.2f} – {level.high:.2f}"
            right = f"{level.right.judged:9}  {_share(level.right):16}"
            yield f"{interval:24}{right} {level.others:6}  {level.missed:6}"


def _proposal_lines(lacking: Mapping[str, int], findings: Sequence[Finding]) -> Iterator[str]:
    yield ""
    if lacking:
        more = ", ".join(f"{count} on {action}" for action, count in lacking.items())
        yield f"Too few verdicts to change anything. About so many more are needed: {more}."
        return
    proposals = [finding.proposal for finding in findings if finding.proposal]
    if not proposals:
        yield "No other number would have done better with any certainty."
    for proposal in proposals:
        yield from _describe(proposal)


def _describe(proposal: Proposal) -> Iterator[str]:
    yield f"In 1,000 decisions: not needed {_cost(proposal.false)}; missed {_cost(proposal.missed)}"
    yield proposal.diff


def _cost(cost: Cost) -> str:
    change = cost.change
    then = max(0.0, cost.now + (change.value or 0))
    return f"{cost.now:.1f} → {then:.1f} ({change.low:+.1f} to {change.high:+.1f})"


def _share(estimate: Estimate) -> str:
    interval = f"{estimate.low:.0%}–{estimate.high:.0%}"
    return f"({interval})" if estimate.value is None else f"{estimate.value:.0%} ({interval})"


def _number(estimate: Estimate) -> str:
    interval = f"{estimate.low:.1f}–{estimate.high:.1f}"
    return f"({interval})" if estimate.value is None else f"{estimate.value:.1f} ({interval})"
