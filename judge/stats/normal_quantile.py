"""The standard normal quantile that Kayenta's interval is taken at, to the last bit.

Owned here: Giles' polynomial for the inverse of the error function. It is right to a few units in
the last place, and just these bits steer the search: an exact quantile would end in other digits.

Source: Giles, Approximating the erfinv function, GPU Computing Gems 2 (2010), 109-116, table 5.
"""

from __future__ import annotations

import functools
import math

from scipy import special

_CENTRAL = 6.25  # -log(1 - x²) up to which the polynomial is meant: levels up to 99.9 %
_MIDDLE = 3.125
_COEFFICIENTS = (
    -3.6444120640178196996e-21,
    -1.685059138182016589e-19,
    1.2858480715256400167e-18,
    1.115787767802518096e-17,
    -1.333171662854620906e-16,
    2.0972767875968561637e-17,
    6.6376381343583238325e-15,
    -4.0545662729752068639e-14,
    -8.1519341976054721522e-14,
    2.6335093153082322977e-12,
    -1.2975133253453532498e-11,
    -5.4154120542946279317e-11,
    1.051212273321532285e-09,
    -4.1126339803469836976e-09,
    -2.9070369957882005086e-08,
    4.2347877827932403518e-07,
    -1.3654692000834678645e-06,
    -1.3882523362786468719e-05,
    0.0001867342080340571352,
    -0.00074070253416626697512,
    -0.0060336708714301490533,
    0.24015818242558961693,
    1.6536545626831027356,
)


@functools.lru_cache(maxsize=64)
def normal_quantile(probability: float) -> float:
    """Where the standard normal distribution reaches ``probability``, above 0 and below 1.

    Beyond the polynomial's range the last digits are scipy's. Raises ValueError outside (0, 1).
    """
    if not 0.0 < probability < 1.0:
        raise ValueError(f"a probability must lie between 0 and 1, not {probability}")
    x = 2.0 * probability - 1.0
    w = -math.log((1.0 - x) * (1.0 + x))
    if w >= _CENTRAL:
        return float(special.ndtri(probability))
    value = 0.0
    for coefficient in _COEFFICIENTS:
        value = coefficient + value * (w - _MIDDLE)
    return math.sqrt(2.0) * (value * x)
