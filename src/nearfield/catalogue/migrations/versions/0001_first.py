"""The first schema: catalogues, items with genres, users, events."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "catalogues",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("integer_items", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("integer_users", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("item_attributes", sa.JSON, nullable=False),
        sa.Column("user_attributes", sa.JSON, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogues"),
        sa.UniqueConstraint("name", name="uq_catalogues_name"),
        sqlite_autoincrement=True,
        **_TABLE,
    )
    _create_items()
    op.create_table(
        "users",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(255), nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogues.id"], name="fk_users_catalogue_id"),
        sa.UniqueConstraint("catalogue_id", "public_id", name="uq_users_catalogue_id"),
        sqlite_autoincrement=True,
        **_TABLE,
    )
    _create_events()


def _create_items() -> None:
    op.create_table(
        "items",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(255), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("year", sa.Integer),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogues.id"], name="fk_items_catalogue_id"),
        sa.UniqueConstraint("catalogue_id", "public_id", name="uq_items_catalogue_id"),
        sqlite_autoincrement=True,
        **_TABLE,
    )
    op.create_table(
        "item_genres",
        sa.Column("item_id", _KEY, nullable=False, autoincrement=False),
        sa.Column("genre", sa.String(255), nullable=False),
        sa.Column("place", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("item_id", "genre", name="pk_item_genres"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_item_genres_item_id"),
        sa.Index("ix_item_genres_genre", "genre", "item_id"),
        **_TABLE,
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("item_id", _KEY, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_events_user_id"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_events_item_id"),
        sa.UniqueConstraint("user_id", "item_id", "kind", "time", name="uq_events_user_id"),
        sa.Index("ix_events_history", "user_id", "time", "id"),
        sa.Index("ix_events_item", "item_id", "user_id", "kind"),
        **_TABLE,
    )
