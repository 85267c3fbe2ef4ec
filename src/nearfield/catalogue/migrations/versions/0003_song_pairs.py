"""Songs that are the same: prints to compare, pairs found, people's decisions, groups."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
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
    """Create the tables, and the number by which readers see that groups changed."""
    op.add_column(
        "catalogues",
        sa.Column("groups_revision", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    _create_prints()
    _create_pairs()
    _create_verdicts()
    _create_groups()


def _create_prints() -> None:
    op.create_table(
        "song_prints",
        _key("item_id"),
        sa.Column("digest", sa.BigInteger, nullable=False),
        sa.Column("checked", sa.String(64), nullable=False),
        sa.Column("checked_versions", sa.String(64), nullable=False),
        sa.Column("vector_name", sa.String(64), nullable=False),
        sa.Column("vector", _BLOB, nullable=False),
        sa.Column("bands", _BLOB, nullable=False),
        sa.Column("harmony", _BLOB, nullable=False),
        sa.PrimaryKeyConstraint("item_id", name="pk_song_prints"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_song_prints_item_id"),
        sa.Index("ix_song_prints_checked", "checked", "checked_versions", "digest"),
        **_TABLE,
    )


def _create_pairs() -> None:
    op.create_table(
        "song_pairs",
        _key("low_id"),
        _key("high_id"),
        sa.Column("kind", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("relation", sa.SmallInteger, nullable=False),
        sa.Column("similarity", sa.Double, nullable=False),
        sa.Column("offset", sa.Double, nullable=False),
        sa.Column("overlap", sa.Double, nullable=False),
        sa.Column("speed", sa.Double, nullable=False),
        sa.Column("semitones", sa.Double, nullable=False),
        sa.Column("share_low", sa.Double, nullable=False),
        sa.Column("share_high", sa.Double, nullable=False),
        sa.Column("evidence", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("low_id", "high_id", "kind", name="pk_song_pairs"),
        _foreign("song_pairs", "low_id", "items"),
        _foreign("song_pairs", "high_id", "items"),
        _foreign("song_pairs", "catalogue_id", "catalogues"),
        sa.Index("ix_song_pairs_high", "high_id", "kind"),
        sa.Index("ix_song_pairs_catalogue", "catalogue_id", "kind", "low_id", "high_id"),
        **_TABLE,
    )


def _create_verdicts() -> None:
    op.create_table(
        "song_verdicts",
        _key("low_id"),
        _key("high_id"),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("verdict", sa.SmallInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("low_id", "high_id", name="pk_song_verdicts"),
        _foreign("song_verdicts", "low_id", "items"),
        _foreign("song_verdicts", "high_id", "items"),
        _foreign("song_verdicts", "catalogue_id", "catalogues"),
        sa.Index("ix_song_verdicts_high", "high_id"),
        sa.Index("ix_song_verdicts_catalogue", "catalogue_id"),
        **_TABLE,
    )


def _create_groups() -> None:
    op.create_table(
        "song_groups",
        _key("item_id"),
        sa.Column("kind", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("group_id", _KEY, nullable=False),
        sa.PrimaryKeyConstraint("item_id", "kind", name="pk_song_groups"),
        _foreign("song_groups", "item_id", "items"),
        _foreign("song_groups", "group_id", "items"),
        _foreign("song_groups", "catalogue_id", "catalogues"),
        sa.Index("ix_song_groups_catalogue", "catalogue_id", "kind", "item_id", "group_id"),
        sa.Index("ix_song_groups_group", "group_id", "kind"),
        **_TABLE,
    )


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, _KEY, nullable=False, autoincrement=False)


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")
