"""What callers store by name, and what they asked of a run in their own system's terms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Make the tables of the dialects."""
    op.create_table(
        "documents",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("namespace", sa.String(253), nullable=False),
        sa.Column("id", sa.String(253), nullable=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_documents"),
        sa.UniqueConstraint("kind", "namespace", "id", name="uq_documents_kind_namespace_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_documents_kind_namespace_name", "documents", ["kind", "namespace", "name"])
    op.create_table(
        "requests",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("dialect", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_requests"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_requests_run_id_runs", ondelete="CASCADE"
        ),
    )
