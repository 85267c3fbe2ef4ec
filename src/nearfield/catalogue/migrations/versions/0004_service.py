"""What a service keeps: playlists, erased users, arms of experiments, keys, jobs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
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
    _create_playlists()
    _create_erased()
    _create_answers()
    _create_keys()
    _create_jobs()


def _create_playlists() -> None:
    op.create_table(
        "playlists",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_playlists"),
        _foreign("playlists", "catalogue_id", "catalogues"),
        sa.Index("ix_playlists_catalogue", "catalogue_id", "id"),
        sqlite_autoincrement=True,
        **_TABLE,
    )
    op.create_table(
        "playlist_songs",
        _key("playlist_id"),
        sa.Column("place", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("item_id", _KEY, nullable=False),
        sa.PrimaryKeyConstraint("playlist_id", "place", name="pk_playlist_songs"),
        _foreign("playlist_songs", "playlist_id", "playlists"),
        _foreign("playlist_songs", "item_id", "items"),
        sa.Index("ix_playlist_songs_item", "item_id"),
        **_TABLE,
    )


def _create_erased() -> None:
    op.create_table(
        "erased_users",
        _key("catalogue_id"),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("catalogue_id", "digest", name="pk_erased_users"),
        _foreign("erased_users", "catalogue_id", "catalogues"),
        **_TABLE,
    )


def _create_answers() -> None:
    op.create_table(
        "arm_answers",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("catalogue_id", _KEY, nullable=False),
        sa.Column("experiment", sa.String(80), nullable=False),
        sa.Column("arm", sa.String(80), nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("items", sa.JSON, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_arm_answers"),
        _foreign("arm_answers", "catalogue_id", "catalogues"),
        _foreign("arm_answers", "user_id", "users"),
        sa.Index("ix_arm_answers_experiment", "catalogue_id", "experiment", "time"),
        sa.Index("ix_arm_answers_user", "user_id"),
        **_TABLE,
    )


def _create_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
        sqlite_autoincrement=True,
        **_TABLE,
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("catalogue", sa.String(40), nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("worker", sa.String(80), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.Index("ix_jobs_state", "state", "created"),
        sa.Index("ix_jobs_created", "created"),
        **_TABLE,
    )


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, _KEY, nullable=False, autoincrement=False)


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")
