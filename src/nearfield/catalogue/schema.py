"""The tables in SQL, as they stand now; `migrations/` brings older databases here."""

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

HEAD: Final = "0001"
"""The newest migration: a database at this version needs none (a test compares the two)."""

VERSION_TABLE: Final = "nearfield_version"
"""Named after us: the default name may belong to another program of the same database."""

NAME_LENGTH: Final = 40
ID_LENGTH: Final = 255
TITLE_LENGTH: Final = 16_000
"""Longest texts, in characters (a MySQL TEXT holds 65,535 bytes, a character up to four)."""

metadata = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives out keys by itself only for INTEGER, which holds 64 bits there
_Key: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")

# ids differ in case and accents ('A' is not 'a'); SQLite compares bytes anyway
_TABLE: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}

catalogues = Table(
    "catalogues",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("uid", String(32), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("integer_items", Boolean(create_constraint=False), nullable=False),
    Column("integer_users", Boolean(create_constraint=False), nullable=False),
    Column("item_attributes", JSON, nullable=False),  # names, in the order first seen
    Column("user_attributes", JSON, nullable=False),
    Column("created", String(32), nullable=False),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
    **_TABLE,
)

items = Table(
    "items",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("public_id", String(ID_LENGTH), nullable=False),
    Column("title", Text, nullable=False),
    Column("year", Integer),
    Column("attributes", JSON, nullable=False),
    UniqueConstraint("catalogue_id", "public_id"),
    sqlite_autoincrement=True,  # a key is never given out twice, not even after `remove`
    **_TABLE,
)

item_genres = Table(
    "item_genres",
    metadata,
    Column("item_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("genre", String(ID_LENGTH), primary_key=True),
    Column("place", SmallInteger, nullable=False),  # order as the owner wrote it, from 0
    Index("ix_item_genres_genre", "genre", "item_id"),
    **_TABLE,
)

users = Table(
    "users",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("public_id", String(ID_LENGTH), nullable=False),
    Column("attributes", JSON, nullable=False),
    UniqueConstraint("catalogue_id", "public_id"),
    sqlite_autoincrement=True,
    **_TABLE,
)

events = Table(
    "events",
    metadata,
    Column("id", _Key, primary_key=True),  # rising in the order in which a user's events came
    Column("user_id", _Key, ForeignKey("users.id"), nullable=False),
    Column("item_id", _Key, ForeignKey("items.id"), nullable=False),
    Column("kind", SmallInteger, nullable=False),  # position in EVENT_KINDS
    Column("value", Double),  # MySQL prints a FLOAT with six digits only
    Column("time", BigInteger, nullable=False),
    UniqueConstraint("user_id", "item_id", "kind", "time"),
    Index("ix_events_history", "user_id", "time", "id"),
    Index("ix_events_item", "item_id", "user_id", "kind"),
    **_TABLE,
)
