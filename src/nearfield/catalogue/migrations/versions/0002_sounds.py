"""Songs: the files they lie in, what is known of their sound, and their vectors."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BLOB = sa.LargeBinary(2**24 - 1)
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
    _create_files()
    op.create_table(
        "sounds",
        sa.Column("item_id", _KEY, nullable=False, autoincrement=False),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("codec", sa.String(40), nullable=False),
        sa.Column("rate", sa.Integer, nullable=False),
        sa.Column("channels", sa.SmallInteger, nullable=False),
        sa.Column("bitrate", sa.Integer, nullable=False),
        sa.Column("lossless", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("fingerprint", _BLOB, nullable=False),
        sa.PrimaryKeyConstraint("item_id", name="pk_sounds"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_sounds_item_id"),
        **_TABLE,
    )
    op.create_table(
        "sound_vectors",
        sa.Column("item_id", _KEY, nullable=False, autoincrement=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("song", _BLOB, nullable=False),
        sa.Column("parts", _BLOB, nullable=False),
        sa.Column("starts", _BLOB, nullable=False),
        sa.Column("loaded", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("item_id", "version", name="pk_sound_vectors"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_sound_vectors_item_id"),
        sa.Index("ix_sound_vectors_version", "version", "item_id"),
        **_TABLE,
    )


def _create_files() -> None:
    op.create_table(
        "sound_files",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("path_hash", sa.String(64), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("item_id", _KEY),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("modified", sa.BigInteger, nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sound_files"),
        sa.UniqueConstraint("catalogue_id", "path_hash", name="uq_sound_files_catalogue_id"),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogues.id"], name="fk_sound_files_catalogue_id"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_sound_files_item_id"),
        sa.Index("ix_sound_files_content", "content"),
        sa.Index("ix_sound_files_item", "item_id"),
        **_TABLE,
    )
