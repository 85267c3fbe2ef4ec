"""Migrations on servers that go on where a kill cut them off: what is there is passed over.

MySQL and MariaDB commit every CREATE and ALTER by itself, so a migration that ended in the middle
has left some of its tables, columns and indexes. Run again, it meets them. To import this file lets
Alembic use the classes below: it finds them by the name of the dialect.
"""

from typing import Any, Final

from alembic.ddl.mysql import MariaDBImpl, MySQLImpl
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from nearfield.errors import InvalidInput

_TABLE_THERE: Final = 1050
_PART_THERE: Final = (1060, 1061)
"""A column; an index."""


class ResumedMySQL(MySQLImpl):
    """As Alembic's, but what is there already is no error."""

    __dialect__ = "mysql"

    def _exec(self, construct: Any, *given: Any, **named: Any) -> Any:
        try:
            return super()._exec(construct, *given, **named)
        except DBAPIError as error:
            number = error.orig.args[0] if error.orig is not None else 0
            if number == _TABLE_THERE and isinstance(construct, CreateTable):
                self._check_table(construct)
            elif number not in _PART_THERE:
                raise
            return None

    def _check_table(self, wanted: CreateTable) -> None:
        """Refuse a table of another program; one of ours was made by one statement, as wanted."""
        assert self.connection is not None
        name = wanted.element.name
        found = {column["name"] for column in inspect(self.connection).get_columns(name)}
        if found != set(wanted.element.columns.keys()):
            raise not_ours([name])


class ResumedMariaDB(ResumedMySQL, MariaDBImpl):
    """The same of MariaDB."""

    __dialect__ = "mariadb"


def not_ours(names: list[str]) -> InvalidInput:
    """Return what is to be said of tables that another program made."""
    return InvalidInput(
        f"the database already has tables named {', '.join(names)}, which Nearfield did not "
        "make. Give Nearfield a database of its own."
    )
