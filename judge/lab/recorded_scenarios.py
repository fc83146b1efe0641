"""The lab's scenarios out of recordings from a real Prometheus (`judge.lab.compressed`).

Each service was scraped for 24.8 hours of its own time, which ran 30 times as fast. Its pods
play the canary among themselves in 30-minute windows after 8 hours of history, three at a time in
turn.
"""

from __future__ import annotations

from judge.lab.rollouts import at_limit
from judge.lab.telemetry.recorded import FOLDER, RecordedScenario

SLOW_LIMIT = 1.5  # what its classic buckets can test

RECORDED_SCENARIOS = (
    RecordedScenario(
        "recorded-steady",
        "recorded: errors and CPU of ten pods; processes restart, a scrape in 200 fails, and "
        "everything is missed for 3 minutes about every 7 hours",
        FOLDER / "steady.json.gz",
        "error-rate",
    ),
    RecordedScenario(
        "recorded-churning",
        "recorded: errors and CPU of 7 to 12 pods, by the daily rhythm, that live for about 3 "
        "hours and differ for ever by 10 %; errors of all go up fivefold about every 3 hours",
        FOLDER / "churning.json.gz",
        "error-rate",
    ),
    RecordedScenario(
        "recorded-gappy",
        "recorded: errors and CPU of ten pods with incidents of their own; a scrape in 25 fails, "
        "and pods, or everything, are missed for 3 minutes about every 3 hours",
        FOLDER / "gappy.json.gz",
        "error-rate",
    ),
    RecordedScenario(
        "recorded-slow",
        "recorded: errors and latency, in eight classic buckets, of eight pods that live for about "
        "7 hours; a scrape in 100 fails",
        FOLDER / "slow.json.gz",
        "latency",
        effects=(1.0, SLOW_LIMIT, 2.0, SLOW_LIMIT**3),
        settings=at_limit(SLOW_LIMIT),
    ),
)
