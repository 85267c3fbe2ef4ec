"""Names that differ in spaces at their end are different on servers too, as they are on SQLite."""

from typing import Any

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLES = ("items", "users", "item_genres")


def upgrade() -> None:
    """Compare text by its bytes alone; utf8mb4_bin fills the shorter one with spaces first."""
    dialect: Any = op.get_bind().dialect
    if dialect.name == "sqlite":
        return
    collation = "utf8mb4_nopad_bin" if dialect.is_mariadb else "utf8mb4_0900_bin"
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE {collation}")
