"""Where the database and the queue are: the environment's addresses, else the embedded servers' sockets."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from opsroom.env import BadSetting, Env
from opsroom.servers.postgres import PORT, USER
from opsroom.servers.process import Place


@dataclass(frozen=True)
class DatabaseAddress:
    """`host` is a host name or the folder of a Unix socket; `options` are libpq's (sslmode, target_session_attrs …)."""

    name: str
    user: str
    host: str
    port: str
    password: str = field(default="", repr=False)
    options: dict[str, str] = field(default_factory=dict)


def database_address(env: Env, place: Place) -> DatabaseAddress:
    url = env.url("DATABASE_URL", schemes=["postgres", "postgresql"])
    if url is None:
        return DatabaseAddress(USER, USER, str(place.sockets), str(PORT))
    options = dict(parse_qsl(url.query))
    name = unquote(url.path.lstrip("/"))
    if not name:
        raise BadSetting(
            "DATABASE_URL", "an address without a database name", "postgresql://user:password@host:5432/name"
        )
    # A dead connection must not hold a claim for hours; see tcp(7) on keepalives.
    keepalives = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
    host = unquote(url.hostname or "") or options.pop("host", "")
    options.pop("host", None)
    return DatabaseAddress(
        name,
        unquote(url.username or ""),
        host,
        str(url.port or ""),
        unquote(url.password or ""),
        {**keepalives, **options},
    )


def redis_address(env: Env, place: Place) -> str:
    url = env.url("REDIS_URL", schemes=["redis", "rediss", "redis+socket"])
    if url is None:
        return f"redis+socket://{place.sockets / 'redis.sock'}"
    # A URL without a host loses its two slashes when it is put together again, and is then read as a host's name.
    return url.geturl() if url.netloc else url.geturl().replace(":/", ":///", 1)
