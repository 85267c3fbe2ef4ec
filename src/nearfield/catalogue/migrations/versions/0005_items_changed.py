"""When an item was last changed, so that what is kept of items in memory can follow."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the revision of each item, and the newest of all."""
    zero = sa.text("0")
    op.add_column("items", sa.Column("changed", sa.BigInteger, nullable=False, server_default=zero))
    op.create_index("ix_items_changed", "items", ["catalogue_id", "changed"])
    op.add_column(
        "catalogues",
        sa.Column("items_revision", sa.BigInteger, nullable=False, server_default=zero),
    )
