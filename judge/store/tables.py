"""The tables, as the migrations leave them. What may be done to their rows is told by others.

Times that end in ``_at`` are Unix seconds of the *run's* clock (what is due, what happened when);
leases and deliveries (``lease_until``, ``next_at``, ``first_at``) go by the machine's clock, so
that a run played faster than real time neither loses its lease nor hurries a receiver.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

runs = Table(
    "runs",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("namespace", String(253), nullable=False),
    Column("name", String(253), nullable=False),
    Column("key", String(1024)),
    Column("state", String(16), nullable=False),
    Column("analysis", JSON, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("ended_at", Float(53)),
    Column("delay", Float(53)),
    Column("history", String(16), nullable=False),
    Column("next_index", Integer, nullable=False),
    Column("due_at", Float(53)),
    Column("attempts", Integer, nullable=False),
    Column("failing_since", Float(53)),
    Column("crashes", Integer, nullable=False),
    Column("verdict", JSON(none_as_null=True)),
    Column("held", Boolean, nullable=False),
    Column("owner", String(253)),
    Column("token", Integer, nullable=False),
    Column("lease_until", Float(53), nullable=False),
    UniqueConstraint("namespace", "name", "key"),
    Index(None, "state", "due_at"),
    sqlite_autoincrement=True,
)

histories = Table(
    "histories",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("samples", LargeBinary, nullable=False),
)

intervals = Table(
    "intervals",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("samples", LargeBinary, nullable=False),
    Column("verdict", JSON, nullable=False),
    Column("looked_at", Float(53), nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("type", String(64), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("data", JSON, nullable=False),
    Index(None, "run_id", "id"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String(128), nullable=False, unique=True),
    Column("run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("type", String(64), nullable=False),
    Column("url", String, nullable=False),
    Column("webhook", JSON, nullable=False),
    Column("body", String, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("first_at", Float(53)),
    Column("attempts", Integer, nullable=False),
    Column("error", String),
    Column("token", Integer, nullable=False),
    Column("lease_until", Float(53), nullable=False),
    Index(None, "state", "next_at"),
    Index(None, "run_id", "seq"),
    sqlite_autoincrement=True,
)

documents = Table(
    "documents",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("namespace", String(253), nullable=False),
    Column("id", String(253), nullable=False),
    Column("name", String(253), nullable=False),
    Column("document", JSON, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    UniqueConstraint("kind", "namespace", "id"),
    Index(None, "kind", "namespace", "name"),
    sqlite_autoincrement=True,
)

requests = Table(
    "requests",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("dialect", String(64), nullable=False),
    Column("document", JSON, nullable=False),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("analysis", String(253), nullable=False),
    Column("namespace", String(253), nullable=False),
    Column("name", String(253), nullable=False),
    Column("revision", String(253), nullable=False),
    Column("run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("began_at", Float(53), nullable=False),
    Column("ended_at", Float(53)),
    Column("waiting", Boolean, nullable=False),
    Column("rollback_at", Float(53)),
    UniqueConstraint("analysis", "namespace", "name"),
    sqlite_autoincrement=True,
)

gates = Table(
    "gates",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("namespace", String(253), nullable=False),
    Column("name", String(253), nullable=False),
    Column("gate", String(16), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("revision", String(253)),
    Column("asked", String(253)),
    Column("by", String(253)),
    Column("changed_at", Float(53), nullable=False),
    UniqueConstraint("namespace", "name", "gate"),
    sqlite_autoincrement=True,
)
