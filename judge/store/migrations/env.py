"""What alembic runs to apply the steps: on the connection that it was handed, in its transaction.

To write a step, see docs/runs.md. There is no offline mode and no configuration file.
"""

from __future__ import annotations

from alembic import context

from judge.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
