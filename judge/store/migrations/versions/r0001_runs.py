"""Runs, what they have seen and said, and what is to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make the first tables."""
    _make_runs()
    _make_samples()
    _make_events()
    _make_outbox()


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("namespace", sa.String(253), nullable=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("key", sa.String(1024)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("analysis", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("started_at", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53)),
        sa.Column("delay", sa.Float(53)),
        sa.Column("history", sa.String(16), nullable=False),
        sa.Column("next_index", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(53)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.Float(53)),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.JSON()),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(253)),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
        sa.UniqueConstraint("namespace", "name", "key", name="uq_runs_namespace_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_state_due_at", "runs", ["state", "due_at"])


def _make_samples() -> None:
    op.create_table(
        "histories",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("samples", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_histories"),
        _of_run("histories"),
    )
    op.create_table(
        "intervals",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("samples", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.Column("looked_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "index", name="pk_intervals"),
        _of_run("intervals"),
    )


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        _of_run("events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_run_id_id", "events", ["run_id", "id"])


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("webhook", sa.JSON(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.Column("first_at", sa.Float(53)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
        _of_run("outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_state_next_at", "outbox", ["state", "next_at"])
    op.create_index("ix_outbox_run_id_seq", "outbox", ["run_id", "seq"])


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["run_id"], ["runs.id"], name=f"fk_{table}_run_id_runs", ondelete="CASCADE"
    )
