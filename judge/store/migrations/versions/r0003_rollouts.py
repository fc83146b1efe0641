"""Rollouts that other systems tell of, and the gates that people open for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Make the tables of rollouts and gates."""
    op.create_table(
        "rollouts",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("analysis", sa.String(253), nullable=False),
        sa.Column("namespace", sa.String(253), nullable=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("revision", sa.String(253), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53)),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("rollback_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("seq", name="pk_rollouts"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_rollouts_run_id_runs", ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "analysis", "namespace", "name", name="uq_rollouts_analysis_namespace_name"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "gates",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("namespace", sa.String(253), nullable=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("gate", sa.String(16), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.String(253)),
        sa.Column("asked", sa.String(253)),
        sa.Column("by", sa.String(253)),
        sa.Column("changed_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_gates"),
        sa.UniqueConstraint("namespace", "name", "gate", name="uq_gates_namespace_name_gate"),
        sqlite_autoincrement=True,
    )
