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
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.types import TypeEngine

HEAD: Final = "0006"
"""The newest migration: a database at this version needs none (a test compares the two)."""

VERSION_TABLE: Final = "nearfield_version"
"""Named after us: the default name may belong to another program of the same database."""

NAME_LENGTH: Final = 40
LABEL_LENGTH: Final = 80
"""Longest name that people give: of a key, an experiment, an arm."""
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

PATH_LENGTH: Final = 16_000
HASH_LENGTH: Final = 64
VERSION_LENGTH: Final = 64
BLOB_LENGTH: Final = 2**24 - 1
"""Most bytes of one fingerprint or of one song's vectors (a MySQL MEDIUMBLOB)."""

_Blob: TypeEngine[bytes] = LargeBinary(BLOB_LENGTH).with_variant(MEDIUMBLOB(), "mysql", "mariadb")

# ids differ in case and accents ('A' is not 'a'), as the collations of the migrations have it;
# SQLite compares bytes anyway
_TABLE: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
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
    Column("groups_revision", BigInteger, nullable=False, server_default=text("0")),
    Column("items_revision", BigInteger, nullable=False, server_default=text("0")),
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
    Column("changed", BigInteger, nullable=False, server_default=text("0")),  # at this revision
    UniqueConstraint("catalogue_id", "public_id"),
    Index("ix_items_changed", "catalogue_id", "changed"),
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

sound_files = Table(
    "sound_files",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("path_hash", String(HASH_LENGTH), nullable=False),  # MySQL cannot index a long path
    Column("path", Text, nullable=False),
    Column("item_id", _Key, ForeignKey("items.id")),  # none where the file could not be used
    Column("size", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),  # nanoseconds
    Column("content", String(HASH_LENGTH), nullable=False),
    Column("state", SmallInteger, nullable=False),  # position in FILE_STATES
    Column("reason", String(40), nullable=False),
    Column("message", Text, nullable=False),
    UniqueConstraint("catalogue_id", "path_hash"),
    Index("ix_sound_files_content", "content"),
    Index("ix_sound_files_item", "item_id"),
    **_TABLE,
)

sounds = Table(
    "sounds",
    metadata,
    Column("item_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("duration", Double, nullable=False),  # seconds
    Column("codec", String(40), nullable=False),
    Column("rate", Integer, nullable=False),
    Column("channels", SmallInteger, nullable=False),
    Column("bitrate", Integer, nullable=False),
    Column("lossless", Boolean(create_constraint=False), nullable=False),
    Column("fingerprint", _Blob, nullable=False),  # Chromaprint, compressed
    **_TABLE,
)

sound_vectors = Table(
    "sound_vectors",
    metadata,
    Column("item_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("version", String(VERSION_LENGTH), primary_key=True),  # of the model
    Column("song", _Blob, nullable=False),  # float32, shape (dim,)
    Column("parts", _Blob, nullable=False),  # float16, shape (parts, dim)
    Column("starts", _Blob, nullable=False),  # float32, seconds, shape (parts,)
    Column("loaded", Boolean(create_constraint=False), nullable=False),  # Milvus holds just these
    Column("held", Integer, nullable=False),  # so many parts, or fewer, are in Milvus
    Index("ix_sound_vectors_version", "version", "item_id"),
    **_TABLE,
)

song_prints = Table(
    "song_prints",
    metadata,
    Column("item_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("digest", BigInteger, nullable=False),  # of the bands
    Column("checked", String(VERSION_LENGTH), nullable=False),  # by this method; "" is not yet
    Column("checked_versions", String(VERSION_LENGTH), nullable=False),
    Column("vector_name", String(VERSION_LENGTH), nullable=False),  # of what made the vector
    Column("vector", _Blob, nullable=False),  # float32, shape (dim,)
    Column("bands", _Blob, nullable=False),
    Column("harmony", _Blob, nullable=False),
    # all that is asked of every song at once, so that the wide rows need not be read
    Index("ix_song_prints_checked", "checked", "checked_versions", "digest"),
    **_TABLE,
)

song_pairs = Table(
    "song_pairs",
    metadata,
    Column("low_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("high_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),  # in PAIR_KINDS
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("relation", SmallInteger, nullable=False),  # position in RELATIONS
    Column("similarity", Double, nullable=False),
    Column("offset", Double, nullable=False),  # seconds
    Column("overlap", Double, nullable=False),  # seconds
    Column("speed", Double, nullable=False),
    Column("semitones", Double, nullable=False),
    Column("share_low", Double, nullable=False),
    Column("share_high", Double, nullable=False),
    Column("evidence", Double, nullable=False),  # seconds
    Index("ix_song_pairs_high", "high_id", "kind"),
    Index("ix_song_pairs_catalogue", "catalogue_id", "kind", "low_id", "high_id"),
    **_TABLE,
)

song_verdicts = Table(
    "song_verdicts",
    metadata,
    Column("low_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("high_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("verdict", SmallInteger, nullable=False),  # position in VERDICTS
    Column("time", BigInteger, nullable=False),  # milliseconds since 1970
    Index("ix_song_verdicts_high", "high_id"),
    Index("ix_song_verdicts_catalogue", "catalogue_id"),
    **_TABLE,
)

song_groups = Table(
    "song_groups",
    metadata,
    Column("item_id", _Key, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),  # in PAIR_KINDS
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("group_id", _Key, ForeignKey("items.id"), nullable=False),  # the canonical member
    Index("ix_song_groups_catalogue", "catalogue_id", "kind", "item_id", "group_id"),
    Index("ix_song_groups_group", "group_id", "kind"),
    **_TABLE,
)

playlists = Table(
    "playlists",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("name", String(ID_LENGTH), nullable=False),
    Column("created", BigInteger, nullable=False),  # milliseconds since 1970, as all below
    Column("changed", BigInteger, nullable=False),
    Index("ix_playlists_catalogue", "catalogue_id", "id"),
    sqlite_autoincrement=True,
    **_TABLE,
)

playlist_songs = Table(
    "playlist_songs",
    metadata,
    Column("playlist_id", _Key, ForeignKey("playlists.id"), primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("item_id", _Key, ForeignKey("items.id"), nullable=False),
    Index("ix_playlist_songs_item", "item_id"),
    **_TABLE,
)

erased_users = Table(
    "erased_users",
    metadata,
    Column(
        "catalogue_id", _Key, ForeignKey("catalogues.id"), primary_key=True, autoincrement=False
    ),
    Column("digest", String(HASH_LENGTH), primary_key=True),  # of the id, never the id itself
    Column("time", BigInteger, nullable=False),
    **_TABLE,
)

arm_answers = Table(
    "arm_answers",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("catalogue_id", _Key, ForeignKey("catalogues.id"), nullable=False),
    Column("experiment", String(LABEL_LENGTH), nullable=False),
    Column("arm", String(LABEL_LENGTH), nullable=False),
    Column("user_id", _Key, ForeignKey("users.id"), nullable=False),
    Column("items", JSON, nullable=False),  # keys, in the order shown
    Column("time", BigInteger, nullable=False),
    Index("ix_arm_answers_experiment", "catalogue_id", "experiment", "time"),
    Index("ix_arm_answers_user", "user_id"),
    **_TABLE,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("name", String(LABEL_LENGTH), nullable=False),
    Column("digest", String(HASH_LENGTH), nullable=False),  # SHA-256; a key has 256 random bits
    Column("scopes", JSON, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("name"),
    UniqueConstraint("digest"),
    sqlite_autoincrement=True,
    **_TABLE,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(NAME_LENGTH), nullable=False),
    Column("catalogue", String(NAME_LENGTH), nullable=False),  # its name; "" where of none
    Column("options", JSON, nullable=False),
    Column("state", SmallInteger, nullable=False),  # position in JOB_STATES
    Column("progress", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("message", Text, nullable=False),  # why it failed
    Column("attempts", SmallInteger, nullable=False),
    Column("worker", String(LABEL_LENGTH), nullable=False),  # who runs it
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),  # 0 is not yet
    Column("ended", BigInteger, nullable=False),
    Index("ix_jobs_state", "state", "created"),
    Index("ix_jobs_created", "created"),
    **_TABLE,
)
