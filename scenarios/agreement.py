"""How far ratings agree: Krippendorff's alpha for ordered ratings, pure.

The well-kept package for it, ``krippendorff``, is under the GPL, which this course's license does not go with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def alpha(units: Iterable[Sequence[int]]) -> float | None:
    """Return Krippendorff's alpha for ordinal data: 1 is full agreement, 0 what chance gives, less is worse.

    alpha = 1 - D_o / D_e, with the difference of two values c < k being
    (n_c / 2 + n_(c+1) + … + n_(k-1) + n_k / 2) squared, n_g the times that g stands in units with two ratings or more.

    Args:
        units: for each thing rated, the ratings it got, in any order; those with fewer than two tell nothing.

    Returns:
        None where it is not defined: nothing was rated twice, or every rating is the same.

    Source:
        K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), University of Pennsylvania, section C;
        Content Analysis, 4th ed. (2018), chapter 12.
    """
    rated = [unit for unit in units if len(unit) > 1]
    times = Counter(value for unit in rated for value in unit)
    values = sorted(times)
    total = sum(times.values())

    def difference(a: int, b: int) -> float:
        low, high = min(a, b), max(a, b)
        between = sum(times[value] for value in values if low <= value <= high)
        return (between - (times[low] + times[high]) / 2) ** 2

    # Both sums take each pair of ratings in both directions.
    expected = sum(times[a] * times[b] * difference(a, b) for a in values for b in values)
    if not expected:
        return None
    observed = sum(difference(a, b) / (len(unit) - 1) for unit in rated for a in unit for b in unit)
    return 1 - (total - 1) * observed / expected
