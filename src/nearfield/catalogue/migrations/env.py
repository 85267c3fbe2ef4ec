"""What Alembic runs around every migration; the connection comes from `migrate.py`."""

from alembic import context

from nearfield.catalogue.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
