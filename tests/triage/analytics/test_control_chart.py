"""Control limits against published and hand-computed examples."""

import numpy as np
import pytest
from scipy.stats import binom

from triage.analytics import control_chart
from triage.analytics.control_chart import (
    THREE_SIGMA,
    Floats,
    binomial_variance,
    limits,
    sigmas,
)

# D. C. Montgomery, "Introduction to Statistical Quality Control", table 7.1: cans that leak, of 50.
CANS = np.array(
    [
        *(12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22),
        *(8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6),
    ],
    float,
)
# Emergency patients of six weeks who were seen within four hours: M. A. Mohammed et al. (2013),
# BMJ Quality and Safety 22, 362 to 368; the first weeks of `nhs_accidents` in R's qicharts2.
IN_TIME = np.array([266501, 264225, 276532, 281461, 269071, 261215], float)
ATTENDED = np.array([280443, 276823, 291681, 296155, 282343, 275888], float)


def p_prime(held: Floats, seen: Floats) -> tuple[Floats, float]:
    """Return the centre line at each subgroup, and Laney's sigma."""
    centre = np.full(len(seen), held.sum() / seen.sum())
    variance = binomial_variance(centre, seen)
    return centre, control_chart.sigma_z(control_chart.standardised(held / seen, centre, variance))


def test_p_chart_limits_match_an_example_of_montgomery() -> None:
    seen = np.full(len(CANS), 50.0)
    centre = np.full(len(CANS), CANS.sum() / seen.sum())
    assert centre[0] == pytest.approx(0.2313, abs=5e-5)
    lower, upper = limits(centre, seen, binomial_variance(centre, seen), 3)
    # The book's limits are 0.0524 and 0.4102, samples 15 and 23 lie outside. Probability limits
    # differ by the skewness of the binomial distribution, about half an item in 50.
    assert (lower[0], upper[0]) == pytest.approx((0.0524, 0.4102), abs=0.022)
    outside = (CANS / seen < lower) | (CANS / seen > upper)
    assert np.flatnonzero(outside).tolist() == [14, 22]


@pytest.mark.parametrize(("share", "seen"), [(0.005, 60), (0.1, 60), (0.5, 300), (0.97, 41)])
def test_limits_without_overdispersion_are_those_of_the_binomial(share: float, seen: int) -> None:
    centre, items = np.array([share]), np.array([float(seen)])
    lower, upper = limits(centre, items, binomial_variance(centre, items), 3)
    counts = np.arange(seen + 1)
    outside = (counts / seen < lower - 1e-9) | (counts / seen > upper + 1e-9)
    tail = THREE_SIGMA / 2
    surprising = (binom.cdf(counts, seen, share) < tail) | (
        binom.sf(counts - 1, seen, share) < tail
    )
    assert outside.tolist() == surprising.tolist()


def test_sigma_z_is_the_mean_moving_range() -> None:
    # By hand: ranges 1, 3 and 2, their mean 2, divided by 1.128.
    assert control_chart.sigma_z(np.array([0.0, 1.0, -2.0, 0.0])) == pytest.approx(2 / 1.128)


def test_p_prime_chart_limits_match_an_example_of_laney() -> None:
    centre, sigma_z = p_prime(IN_TIME, ATTENDED)
    assert centre[0] == pytest.approx(0.95049, abs=5e-6)
    # z is -0.504, 9.698, -6.048, -0.272, 6.126, -8.903: the moving ranges' mean is 10.630.
    assert sigma_z == pytest.approx(10.630 / 1.128, abs=0.001)
    error = np.sqrt(binomial_variance(centre, ATTENDED))
    lower, upper = limits(centre, ATTENDED, (sigma_z * error) ** 2, 3)
    assert lower == pytest.approx(centre - 3 * sigma_z * error, abs=5e-4)
    assert upper == pytest.approx(centre + 3 * sigma_z * error, abs=5e-4)
    # On a p-chart every week but the first and the fourth would lie outside.
    assert (np.abs(IN_TIME / ATTENDED - centre) > 3 * error).tolist() == [
        *(False, True, True),
        *(False, True, True),
    ]
    assert ((lower < IN_TIME / ATTENDED) & (upper > IN_TIME / ATTENDED)).all()


def test_few_ranges_widen_three_sigma_limits() -> None:
    assert sigmas(THREE_SIGMA, 1_000_000) == pytest.approx(3, abs=1e-3)
    # Student's t with 0.62 * 21 degrees of freedom.
    assert sigmas(THREE_SIGMA, 21) == pytest.approx(3.693, abs=1e-3)


def test_limits_lie_between_0_and_1() -> None:
    centre, seen = np.array([0.001, 0.999, 0.5]), np.array([1.0, 2.0, 1.0])
    lower, upper = limits(centre, seen, 4 * binomial_variance(centre, seen), 3.7)
    assert (lower >= 0).all()
    assert (upper <= 1).all()
    assert (lower < upper).all()
