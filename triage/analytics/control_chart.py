"""Control limits for shares: the p-chart, and Laney's p′-chart where shares are overdispersed.

A day's share is compared with a centre line. Its variance is the binomial one, times the square of
`sigma_z` where days scatter by more. The limits are probability limits: quantiles of the binomial
distribution with the effective sample size that has this variance. For large
samples these are the usual three standard errors around the centre line; for small samples, whose
distribution is skewed, they keep their probability.

- D. B. Laney (2002), "Improved control charts for attributes", Quality Engineering 14(4).
- E. L. Korn and B. I. Graubard (1998), "Confidence intervals for proportions with small expected
  number of positive counts estimated from survey data", Survey Methodology 24(2): effective sample
  size.
- F. S. Hillier (1969), "X̄- and R-chart control limits based on a small number of subgroups",
  Journal of Quality Technology 1(1): limits from few subgroups.
- D. J. Wheeler (1995), "Advanced Topics in Statistical Process Control", SPC Press: degrees of
  freedom of an average moving range.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrik, ndtr, stdtrit

Floats = NDArray[np.float64]

# The expected range of two standard normal values.
D2 = 1.128
# The two-sided probability of a value beyond three standard deviations.
THREE_SIGMA = 2 * float(ndtr(-3))
_FREEDOM_PER_RANGE = 0.62


def standardised(shares: Floats, centre: Floats, variance: Floats) -> Floats:
    """Return the shares' distances from the centre line, in standard errors."""
    return (shares - centre) / np.sqrt(variance)


def binomial_variance(centre: Floats, seen: Floats) -> Floats:
    """Return the variance of a share of `seen` items where only sampling makes it vary."""
    return centre * (1 - centre) / seen


def sigma_z(z: Floats) -> float:
    """Return Laney's sigma: the standard deviation of successive `z`, from their moving ranges.

    1 means binomial variation, more than 1 overdispersion.
    """
    return float(np.abs(np.diff(z)).mean()) / D2


def sigmas(probability: float, ranges: int) -> float:
    """Return the width of the control limits, in standard errors.

    Since `sigma_z` is an estimate, it is a quantile of Student's t distribution (Hillier), with
    0.62 degrees of freedom for each moving range (Wheeler).

    Args:
        probability: The two-sided probability that a share of a stable series lies outside.
        ranges: The number of moving ranges from which `sigma_z` was estimated.
    """
    return float(-stdtrit(_FREEDOM_PER_RANGE * ranges, probability / 2))


def limits(centre: Floats, seen: Floats, variance: Floats, width: float) -> tuple[Floats, Floats]:
    """Return the lower and upper control limits of shares of `seen` items.

    They are the quantiles with the tail probability of `width` standard errors in a normal
    distribution.
    """
    effective = centre * (1 - centre) / variance
    tail = float(ndtr(-width))
    return (
        _lower(centre, seen, effective, tail),
        1 - _lower(1 - centre, seen, effective, tail),
    )


def _lower(centre: Floats, seen: Floats, effective: Floats, tail: float) -> Floats:
    """Return the lower limit of a share: lower shares have at most the probability `tail`.

    `bdtrik` returns a count of effective items, to which half an item is added for the middle of
    its interval. Half a counted item is subtracted as continuity correction. The limit is 0 where
    even a count of 0 is likely.
    """
    items = np.asarray(bdtrik(tail, effective, centre))
    return np.where(items > 0, (items + 0.5) / effective - 0.5 / seen, 0.0)
