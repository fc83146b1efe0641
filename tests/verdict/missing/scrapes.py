"""Scenarios of what a scraper misses or gets wrong of pods that are well.

Holes, series that vanish, clocks that differ, counters that begin again, values that are no number.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.verdict.missing.exporters import Exporter, Requests, Together
from tests.verdict.missing.scenario import Scenario, canary
from tests.verdict.missing.service import BAD, EVER, both, canaries, errors, fleet, rate

HOLES = ((4.1, 6.3), (13.2, 15.4), (21.6, 22.9))
BLIND = ((3.1, 26.2),)
DARK = ((20.3, EVER),)

SCRAPE_HOLES = Scenario(
    "scrape-holes",
    {
        **both(unscraped=((-100.0, -92.0), *HOLES)),
        "blind-baseline": fleet("blind-baseline", 6, unscraped=BLIND),
        "blind": fleet("blind", 2, unscraped=BLIND),
        "dark-baseline": fleet("dark-baseline", 6, unscraped=DARK),
        "dark": fleet("dark", 2, unscraped=DARK),
    },
    {
        "good": canary("good"),
        "bad": canary("bad"),
        "blind": canary("blind", "blind-baseline"),
        "dark": canary("dark", "dark-baseline"),
    },
)

FAILURES = ("code", "500")

ERROR_SERIES_LOST = Scenario(
    "error-series-lost",
    {
        "baseline": fleet("baseline", 6, hidden={FAILURES: ((5, 6), (14.3, 15.3), (23.6, 24.6))}),
        "lost-baseline": fleet("lost-baseline", 6, hidden={FAILURES: ((9.2, EVER),)}),
        **canaries(),
    },
    {
        "good": canary("good"),
        "bad": canary("bad"),
        "for-good": canary("good", "lost-baseline"),
    },
)


def shop(ratio: float = 1.0) -> Callable[[], Exporter]:
    """A service whose requests are counted by the handler that answered them."""

    def halved(minute: float) -> float:
        return rate(minute) / 2

    return lambda: Together(
        [Requests(halved, errors(ratio), {"handler": one}) for one in ("cart", "search")]
    )


SEARCH = ("handler", "search")

SERIES_VANISH = Scenario(
    "series-vanish",
    {
        "baseline": [
            *fleet("baseline", 3, process=shop()),
            *fleet("baseline-gone", 2, process=shop(), hidden={SEARCH: ((9.2, EVER),)}),
            *fleet("baseline-back", 1, process=shop(), hidden={SEARCH: ((9.2, 18.5),)}),
        ],
        "good": fleet("good", 2, process=shop(), hidden={SEARCH: ((12.4, 15.1),)}),
        "bad": fleet("bad", 2, process=shop(BAD), hidden={SEARCH: ((12.4, 15.1),)}),
    },
)

CLOCKS_DIFFER = Scenario(
    "clocks-differ",
    {
        "baseline": fleet("baseline", 6, skew=25.0),
        **canaries(skew=-40.0),
        "behind": fleet("behind", 2, skew=-420.0),
    },
    {"good": canary("good"), "bad": canary("bad"), "behind": canary("behind")},
)

COUNTER_RESETS = Scenario(
    "counter-resets",
    {
        "baseline": fleet("baseline", 6, lives=((-EVER, 9.4), (9.41, 20.7), (20.71, EVER))),
        **canaries(lives=((-EVER, 12.6), (12.61, EVER))),
    },
)

BROKEN = ((12.0, 14.0),)
LONG_AGO = ((-60.0, -58.0),)

NOT_FINITE = Scenario(
    "not-finite",
    {
        "baseline": fleet("baseline", 6),
        "nan": [*fleet("nan", 1), *fleet("nan-broken", 1, garbled={math.nan: BROKEN})],
        "infinite": [
            *fleet("infinite", 1),
            *fleet("infinite-broken", 1, garbled={math.inf: BROKEN}),
        ],
        "bad": [*fleet("bad", 1, BAD), *fleet("bad-broken", 1, BAD, garbled={math.nan: ((1, 2),)})],
        "steady": fleet("steady", 2),
        "broken-baseline": [
            *fleet("broken-baseline", 5),
            *fleet("broken-baseline-nan", 1, garbled={math.nan: BROKEN}),
        ],
        "mended-baseline": [
            *fleet("mended-baseline", 4),
            *fleet("mended-baseline-nan", 1, garbled={math.nan: LONG_AGO}),
            *fleet("mended-baseline-infinite", 1, garbled={math.inf: LONG_AGO}),
        ],
    },
    {
        "nan": canary("nan"),
        "infinite": canary("infinite"),
        "bad": canary("bad"),
        "baseline": canary("steady", "broken-baseline"),
        "mended": canary("steady", "mended-baseline"),
    },
)


SCRAPES = (
    SCRAPE_HOLES,
    ERROR_SERIES_LOST,
    SERIES_VANISH,
    CLOCKS_DIFFER,
    COUNTER_RESETS,
    NOT_FINITE,
)
