"""Queues as brokers' exporters and consumers show them: Kafka, RabbitMQ, Amazon SQS."""

from __future__ import annotations

import math
from collections.abc import Mapping

from judge.stats.samples import Level, Sample
from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, gauge
from tests.spec.templates.traffic import FOREIGN

# The lag of each partition; -1 says that nothing was ever committed there.
LAGS: Mapping[str, Mapping[str, float]] = {
    "orders": {"created/0": 1200, "created/1": 340, "created/2": -1},
    "orders-canary": {"created/0": 90, "created/1": 2400, "paid/0": 7},
    "billing": {"created/0": FOREIGN},
}
EXPORTERS = ("kafka-exporter-0", "kafka-exporter-1")
# The largest lag that each client of each pod tells of; NaN where it has fetched nothing of late.
CLIENTS: Mapping[str, Mapping[str, float]] = {
    "orders-1": {"consumer-1": 120, "consumer-2": 45},
    "orders-2": {"consumer-1": 80, "consumer-2": math.nan},
    "orders-3": {"consumer-1": math.nan},
    "orders-canary-1": {"consumer-1": 450, "consumer-2": 900},
}
DEPTHS = {"orders": 120, "orders.retry": 3, "orders-canary": 480, "billing": FOREIGN}


def whole(baseline: float, canary: float) -> dict[str, dict[str, Sample]]:
    """Tracks of one number each: there are no pods in them."""
    return {"baseline": {"": Level(baseline)}, "canary": {"": Level(canary)}}


def lags(name: str, group_label: str, more: Mapping[str, str]) -> list[Series]:
    """What two exporters say of the same groups; the second one is behind by a few messages."""
    series = []
    for group, partitions in LAGS.items():
        for place, lag in partitions.items():
            topic, partition = place.split("/")
            for behind, exporter in enumerate(EXPORTERS):
                labels = {group_label: group, "topic": topic, "partition": partition, **more}
                shown = lag if lag < 0 else lag - behind
                series.append(gauge(name, shown, {**labels, "pod": exporter}))
    return series


def clients(name: str) -> list[Series]:
    """Consumers within the application's pods."""
    return [
        gauge(name, lag, {"app": app, "track": track, "pod": pod, "client_id": client})
        for pod, lags in CLIENTS.items()
        for client, lag in lags.items()
        for track in ["canary" if "canary" in pod else "stable"]
        for app in ("orders", "billing")
    ]


def depths(name: str, queue_label: str, more: Mapping[str, str]) -> list[Series]:
    """Queues as two scrapes tell of them; the second one is behind by a message."""
    return [
        gauge(name, depth - node, {queue_label: queue, **more, "instance": f"broker-{node}"})
        for queue, depth in DEPTHS.items()
        for node in range(2)
    ]


def selectors(label: str, baseline: str = "orders") -> dict[str, str]:
    """Tracks as consumer groups or queues."""
    return {"baseline": f'{label}=~"{baseline}"', "canary": f'{label}="orders-canary"'}


GROUPS = whole(1200 + 340, 90 + 2400 + 7)
WORST = {
    "baseline": {"orders-1": Level(120), "orders-2": Level(80)},
    "canary": {"orders-canary-1": Level(900)},
}
CONSUMERS = {
    "baseline": 'app="orders",track="stable"',
    "canary": 'app="orders",track="canary"',
}
JMX = "kafka_consumer_consumer_fetch_manager_metrics_records_lag_max"
SQS = "aws_sqs_approximate_number_of_messages_visible"
CASES = (
    Case(
        "kafka-consumer-lag",
        lags("kafka_consumergroup_lag", "consumergroup", {}),
        GROUPS,
        selectors("consumergroup"),
    ),
    Case(
        "kafka-consumer-lag",
        lags("kafka_consumergroup_group_lag", "group", {"member_host": "10.0.0.7"}),
        GROUPS,
        selectors("group"),
        variables={"metric": "kafka_consumergroup_group_lag", "groupLabel": "group"},
        name="kafka-lag-exporter",
    ),
    Case(
        "kafka-client-lag",
        clients("kafka_consumer_fetch_manager_records_lag_max"),
        WORST,
        CONSUMERS,
    ),
    Case(
        "kafka-client-lag",
        clients(JMX),
        WORST,
        CONSUMERS,
        variables={"metric": JMX},
        name="jmx-exporter",
    ),
    Case(
        "rabbitmq-queue-depth",
        depths("rabbitmq_detailed_queue_messages_ready", "queue", {"vhost": "shop"}),
        whole(120 + 3, 480),
        selectors("queue", "orders|orders[.]retry"),
    ),
    Case(
        "rabbitmq-queue-depth",
        depths("rabbitmq_queue_messages_ready", "queue", {"vhost": "shop"}),
        whole(120, 480),
        selectors("queue"),
        variables={"metric": "rabbitmq_queue_messages_ready"},
        name="per-object",
    ),
    Case(
        "sqs-queue-depth",
        depths(f"{SQS}_average", "dimension_QueueName", {"region": "eu-west-1"}),
        whole(120 + 3, 480),
        selectors("dimension_QueueName", "orders|orders[.]retry"),
    ),
    Case(
        "sqs-queue-depth",
        depths(f"{SQS}_maximum", "queue_name", {"job": "aws_sqs"}),
        whole(120, 480),
        selectors("queue_name"),
        variables={"metric": f"{SQS}_maximum", "queueLabel": "queue_name"},
        name="cloudwatch-exporter",
    ),
)
