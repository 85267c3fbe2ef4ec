"""The address of a database, and what it says of connections."""

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from nearfield.errors import InvalidInput

EXAMPLES: Final = "sqlite:////absolute/path.db or mysql+pymysql://user:password@host/database"

Wait: TypeAlias = Literal["answer", "work", "table"]
"""What is waited for: an answer that somebody waits for, other rows, the work on a whole table."""

_POOL: Final[dict[str, int]] = {
    "pool_size": 10,  # connections that stay open
    "max_overflow": 40,  # more than the threads of the service, which are 40
    "pool_timeout": 4,  # seconds that a thread waits for one
    "pool_recycle": 1800,  # seconds until one is made anew: what lies between may forget it
}
_SECONDS: Final[dict[str, int]] = {
    "answer_timeout": 4,
    "connect_timeout": 4,
    "read_timeout": 30,
    "write_timeout": 30,
}
_OTHERS: Final = (
    "unix_socket",
    "bind_address",
    "charset",
    "program_name",
    "read_default_file",
    "read_default_group",
    "server_public_key",
    "ssl_ca",
    "ssl_capath",
    "ssl_cert",
    "ssl_cipher",
    "ssl_check_hostname",
    "ssl_disabled",
    "ssl_key",
    "ssl_key_password",
    "ssl_verify_cert",
    "ssl_verify_identity",
)
_CHARSET: Final = "utf8mb4"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the address of a server says.

    Parameters
    ----------
    pool : mapping
        Arguments of SQLAlchemy's pool.
    seconds : mapping
        For what somebody waits for to be read, for a connection to be made, for something to be
        read else, for something to be sent.
    """

    pool: dict[str, Any]
    seconds: dict[str, int]


def read_address(url: str) -> URL:
    """Return the address; InvalidInput where it cannot be one."""
    try:
        found = make_url(url)
        backend = found.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise InvalidInput(
            f"the database URL cannot be read ({error}). Write {EXAMPLES}."
        ) from error
    if backend not in ("sqlite", "mysql", "mariadb"):
        raise InvalidInput(
            f"the database URL asks for {backend!r}, but only SQLite, MySQL and MariaDB are "
            f"supported. Write {EXAMPLES}."
        )
    if backend == "sqlite":
        if found.database in (None, "", ":memory:"):
            raise InvalidInput(
                f"the database URL {url!r} names no file; a database in memory would be lost and "
                f"cannot be shared by threads. Write {EXAMPLES}."
            )
        return found
    if found.drivername in ("mysql", "mariadb"):
        return found.set(drivername=f"{backend}+pymysql")
    if found.drivername not in ("mysql+pymysql", "mariadb+pymysql"):
        raise InvalidInput(
            f"no driver for {found.drivername!r} but PyMySQL is supported. Install it with "
            f"`pip install 'nearfield[mysql]'` and write a URL like {EXAMPLES}."
        )
    return found


def read_server_options(url: URL, hurried: bool = False) -> tuple[URL, ServerOptions]:
    """Split what the address of a server says of connections from what its driver takes.

    Where nobody is in a hurry, an answer may take as long as anything that is read.

    Raises
    ------
    InvalidInput
        If something is said that is not known, or a number that is none.
    """
    numbers = {name: _number(url, name, default) for name, default in (_POOL | _SECONDS).items()}
    if unknown := sorted(set(url.query) - set(numbers) - set(_OTHERS)):
        known = ", ".join(sorted([*numbers, *_OTHERS]))
        raise InvalidInput(
            f"the database URL says {unknown[0]!r}, which is not known. After `?` it may say: "
            f"{known}."
        )
    if (charset := url.query.get("charset", _CHARSET)) != _CHARSET:
        raise InvalidInput(
            f"the database URL asks for charset {charset!r}, which cannot hold every title. "
            f"Leave it out: {_CHARSET} is used."
        )
    if not hurried:
        numbers["answer_timeout"] = numbers["read_timeout"]
    rest = url.difference_update_query([*numbers, "charset"])
    return rest, ServerOptions(
        pool={name: numbers[name] for name in _POOL},
        seconds={name: numbers[name] for name in _SECONDS},
    )


def _number(url: URL, name: str, default: int) -> int:
    given = url.query.get(name)
    if given is None:
        return default
    least = 0 if name == "max_overflow" else 1
    if not isinstance(given, str) or not given.isdecimal() or int(given) < least:
        raise InvalidInput(
            f"the database URL says {name}={given!r}, but a whole number from {least} is wanted."
        )
    return int(given)
