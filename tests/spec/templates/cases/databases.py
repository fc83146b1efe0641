"""Database servers as their exporters show them, on two clusters of which one is migrated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from judge.stats.samples import Count, Level, Sample
from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, Labels, counter, gauge
from tests.spec.templates.traffic import FOREIGN

# Every server with a number of its own, from which all that it shows follows.
SERVERS = {
    "baseline": {"blue-1:9187": 3, "blue-2:9187": 5},
    "canary": {"green-1:9187": 11},
}
CLUSTERS = {"baseline": "blue", "canary": "green"}
TRACKS = {track: f'cluster="{cluster}",datname=~"shop|"' for track, cluster in CLUSTERS.items()}
Make = Callable[[Labels, int], Iterable[Series]]


def tried(
    template: str,
    make: Make,
    sample: Callable[[int], Sample],
    *,
    metric: str = "",
    name: str = "",
    **variables: str,
) -> Case:
    """A case of servers that show what ``make`` makes of each one's number.

    The pod is the exporter's, the same for all: it must not be taken for the server's.
    """
    series = [
        one
        for track, servers in SERVERS.items()
        for instance, n in servers.items()
        for one in make({"cluster": CLUSTERS[track], "instance": instance, "pod": "exporter-0"}, n)
    ]
    expected = {
        track: {instance: sample(n) for instance, n in servers.items()}
        for track, servers in SERVERS.items()
    }
    chosen = {"metric": metric, **variables} if metric else variables
    return Case(template, series, expected, TRACKS, variables=chosen, name=name)


def locks(labels: Labels, n: int) -> Iterator[Series]:
    """Every mode of two databases; those of ordinary reads and writes are many."""
    strong = {"sharelock": 0, "sharerowexclusivelock": 1, "exclusivelock": 2}
    modes = {"accesssharelock": FOREIGN, "rowexclusivelock": FOREIGN, **strong}
    for mode, locked in {**modes, "accessexclusivelock": n}.items():
        for database, many in (("shop", locked), ("other", FOREIGN)):
            yield gauge("pg_locks_count", many, {**labels, "datname": database, "mode": mode})


def one_gauge(name: str) -> Make:
    """A gauge without labels of its own."""
    return lambda labels, n: [gauge(name, n / 2, labels)]


def transactions(name: str) -> Make:
    """The oldest one by database and state."""

    def make(labels: Labels, n: int) -> Iterator[Series]:
        states = {"active": n, "idle in transaction": 40 * n, "idle": 0}
        for state, age in states.items():
            yield gauge(name, age, {**labels, "datname": "shop", "state": state})
            yield gauge(name, FOREIGN, {**labels, "datname": "other", "state": state})

    return make


def statements(labels: Labels, n: int) -> Iterator[Series]:
    for query in range(3):
        of_query = {**labels, "user": "checkout", "queryid": f"-{query}"}
        for database, seconds in (("shop", n + query), ("other", FOREIGN)):
            name = "pg_stat_statements_seconds_total"
            yield counter(name, seconds, {**of_query, "datname": database})


def deadlocks(labels: Labels, n: int) -> Iterator[Series]:
    grown = {"deadlocks": n, "xact_commit": 1000 * n, "xact_rollback": 10 * n, "conflicts": FOREIGN}
    for name, grew in grown.items():
        for database, many in (("shop", grew), ("other", FOREIGN)):
            named = {**labels, "datid": database, "datname": database}
            yield counter(f"pg_stat_database_{name}", many, named)


def replicas(name: str) -> Make:
    """Two channels of a MySQL replica."""

    def make(labels: Labels, n: int) -> Iterator[Series]:
        for channel, lag in (("", n), ("eu", 4 * n)):
            yield gauge(name, lag, {**labels, "master_host": "primary", "channel_name": channel})

    return make


def slow(labels: Labels, n: int) -> Iterator[Series]:
    yield counter("mysql_global_status_slow_queries", n, labels)
    yield counter("mysql_global_status_queries", 2000 * n, labels)
    yield counter("mysql_global_status_questions", FOREIGN, labels)


def one_counter(name: str) -> Make:
    """A counter without labels of its own."""
    return lambda labels, n: [counter(name, n, labels)]


OLDEST = "pg_long_running_transactions_oldest_timestamp_seconds"
WAITED = "mysql_global_status_innodb_row_lock_time"
CASES = (
    tried("postgres-locks", locks, lambda n: Level(n + 3)),
    tried(
        "postgres-locks",
        locks,
        lambda n: Level(n),
        name="strongest-mode",
        modes="accessexclusivelock",
    ),
    tried(
        "postgres-replication-lag", one_gauge("pg_replication_lag_seconds"), lambda n: Level(n / 2)
    ),
    tried(
        "postgres-replication-lag",
        one_gauge("pg_replication_lag"),
        lambda n: Level(n / 2),
        metric="pg_replication_lag",
        name="older",
    ),
    tried(
        "postgres-longest-transaction",
        transactions("pg_stat_activity_max_tx_duration"),
        lambda n: Level(40 * n),
    ),
    tried(
        "postgres-longest-transaction",
        one_gauge(OLDEST),
        lambda n: Level(n / 2),
        metric=OLDEST,
        name="collector",
    ),
    tried("postgres-query-time", statements, lambda n: Level((3 * n + 3) / 60)),
    tried("postgres-deadlocks", deadlocks, lambda n: Count(n, 1010 * n)),
    tried(
        "mysql-row-lock-waits",
        one_counter("mysql_global_status_innodb_row_lock_waits"),
        lambda n: Level(n / 60),
    ),
    tried(
        "mysql-row-lock-waits",
        one_counter(WAITED),
        lambda n: Level(n / 60),
        metric=WAITED,
        name="milliseconds",
    ),
    tried("mysql-slow-queries", slow, lambda n: Count(n, 2000 * n)),
    tried(
        "mysql-replication-lag",
        replicas("mysql_slave_status_seconds_behind_source"),
        lambda n: Level(4 * n),
    ),
    tried(
        "mysql-replication-lag",
        replicas("mysql_slave_status_seconds_behind_master"),
        lambda n: Level(4 * n),
        metric="mysql_slave_status_seconds_behind_master",
        name="older",
    ),
)
