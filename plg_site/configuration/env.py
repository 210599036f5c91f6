"""Typed reads of environment variables. What is missing or wrong is collected and said all at once.

    DEBUG = env.flag("DEBUG", False)
    SECRET_KEY = env.text("SECRET_KEY")
    ...
    env.refuse_wrong()  # the last line of the settings: raises for everything that was noted

A variable NAME may come as a file: NAME_FILE says where its value lies (a secret that the platform
mounts); the line's end is no part of it. What was read is kept (`READ`), so that docs/settings.md
names every one of them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

FROM_FILE = "_FILE"
_RATE = re.compile(r"[1-9]\d{0,6}/[smhd]")
_POSTGRES = "must look like postgres://user:password@host:5432/name."
_REDIS_SCHEMES = {"redis", "rediss", "unix"}
_TLS = {"ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"}


@dataclass(frozen=True)
class Read:
    """A variable that was asked for: its kind in words, and what holds without it (None: it must be
    set)."""

    kind: str
    default: str | None


READ: dict[str, Read] = {}
_wrong: list[str] = []
_may_be_missing = False


def let_all_be_missing() -> None:
    """For `settings_for_building`: what is not set reads as empty."""
    global _may_be_missing
    _may_be_missing = True


def refuse_wrong() -> None:
    """Raises ImproperlyConfigured that names everything which is missing or wrong."""
    if not _wrong:
        return
    lines = "\n".join(f"- {line}" for line in dict.fromkeys(_wrong))
    _wrong.clear()
    raise ImproperlyConfigured(
        f"The environment is not complete; docs/settings.md says what each variable means"
        f" (bin/dev sets them for you).\n{lines}"
    )


def note_wrong(line: str) -> None:
    """What a reader of a variable found wrong with it, in words without its value's secrets."""
    _wrong.append(line)


def text(name: str, default: str | None = None, *, kind: str = "text", instead: str = "") -> str:
    """The variable as text; "" where it is missing and must not be. `instead`: what would do, too."""
    READ[name] = Read(kind, default)
    value = _given(name)
    if value is not None and (value or default is not None):
        return value
    if default is None:
        if not _may_be_missing:
            _wrong.append(f"{name} is not set{f' (or {instead})' if instead else ''}")
        return ""
    return default


def flag(name: str, default: bool) -> bool:
    """The variable as a yes or no: 1/true/yes/on or 0/false/no/off."""
    READ[name] = Read("1 or 0", "1" if default else "0")
    value = (_given(name) or "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        _wrong.append(f"{name} must be 1 or 0, not {value!r}")
    return default


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    READ[name] = Read("whole number", str(default))
    value = _given(name)
    try:
        return int(value) if value else default
    except ValueError:
        _wrong.append(f"{name} must be a whole number, not {value!r}")
        return default


def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """The variable, which is one of a few words."""
    value = text(name, default, kind=" or ".join(allowed)) or default
    if value not in allowed:
        _wrong.append(f"{name} must be {' or '.join(allowed)}, not {value!r}")
        return default
    return value


def rate(name: str, default: str) -> str:
    """The variable as so many in so long, like "600/m": s, m, h or d."""
    value = text(name, default, kind="so many in s, m, h or d") or default
    if not _RATE.fullmatch(value):
        _wrong.append(f'{name} must be like "600/m" (s, m, h or d), not {value!r}')
        return default
    return value


def names(name: str, default: str = "") -> list[str]:
    """The variable as a list, split at commas."""
    value = text(name, default, kind="list with commas")
    return [part.strip() for part in value.split(",") if part.strip()]


def with_prefix(prefix: str) -> dict[str, str]:
    """All variables whose names begin like this, by the rest of their names."""
    READ[f"{prefix}…"] = Read("text", "")
    found = {name.removesuffix(FROM_FILE) for name in os.environ if name.startswith(prefix)}
    return {name.removeprefix(prefix): _given(name) or "" for name in sorted(found)}


def folder(name: str, default: Path) -> Path:
    """The variable as an absolute folder."""
    READ[name] = Read("folder", default.name)
    return Path(_given(name) or default).resolve()


def postgres(name: str) -> dict[str, Any]:
    """The variable (postgres://user:password@host:port/name?sslmode=verify-full) as a Django DATABASES
    entry. All that libpq knows may stand in the query, several hosts in its place; nothing is dropped.
    """
    url = text(name, kind="postgres://user:password@host:5432/name")
    if not url or not is_postgres(name, url):
        return {"NAME": "", "OPTIONS": {}}
    from psycopg.conninfo import conninfo_to_dict  # not needed by who asks for nothing of it

    said: dict[str, Any] = conninfo_to_dict(url)
    return {
        "NAME": said.pop("dbname"),
        "USER": said.pop("user", ""),
        "PASSWORD": said.pop("password", ""),
        "HOST": said.pop("host", ""),
        "PORT": str(said.pop("port", "")),
        "OPTIONS": said,
    }


def is_postgres(name: str, url: str) -> bool:
    """Whether libpq can read it. What is wrong is noted in our words: libpq's may hold the password."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    options = parse_qsl(url.partition("?")[2])
    unknown = [key for key, value in options if key not in _libpq_options() | _for_java(value)]
    if unknown:
        _wrong.append(f"{name} has options that PostgreSQL does not know: {', '.join(unknown)}")
        return False
    try:
        said = conninfo_to_dict(url)
    except (ProgrammingError, UnicodeError):
        said = {}
    if url.partition("://")[0] in {"postgres", "postgresql"} and said.get("dbname"):
        return True
    _wrong.append(f"{name} {_POSTGRES}")
    return False


def _for_java(value: str) -> frozenset[str]:
    """libpq takes ssl=true for sslmode=require, as JDBC writes it."""
    return frozenset({"ssl"} if value == "true" else ())


@cache
def _libpq_options() -> frozenset[str]:
    from psycopg.pq import Conninfo

    return frozenset(option.keyword.decode() for option in Conninfo.get_defaults())


def events_store(name: str) -> str:
    """The variable: postgres:// as above, or clickhouse://user:password@host:8123/name."""
    url = text(name, kind="postgres:// or clickhouse://")
    if url and not url.startswith("clickhouse"):
        is_postgres(name, url)
    return url


def redis(name: str) -> str:
    """The variable: redis://, rediss:// (TLS, verified) or unix://."""
    url = text(name, kind="redis:// or rediss://")
    if url and urlsplit(url).scheme not in _REDIS_SCHEMES:
        _wrong.append(f"{name} must look like redis://:password@host:6379/0, or rediss:// for TLS")
        return ""
    return url


def redis_tls(url: str) -> tuple[str, dict[str, Any] | None]:
    """The address without its ssl_… options, and these as kombu takes them; None without TLS.

    The same options as redis-py reads out of the address. Kombu would not verify by itself."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query)
    plain = urlunsplit(parts._replace(query=urlencode([p for p in query if p[0] not in _TLS])))
    if parts.scheme != "rediss":
        return plain, None
    options: dict[str, Any] = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    options |= {key: value for key, value in query if key in _TLS}
    if isinstance(options["ssl_check_hostname"], str):
        options["ssl_check_hostname"] = options["ssl_check_hostname"].lower() in {"1", "true"}
    return plain, options


def smtp(url: str) -> dict[str, object]:
    """Django's EMAIL_* settings from smtp://user:password@host:587 (STARTTLS), smtps:// (TLS from the
    start) or smtp+plain:// (no TLS: a relay on this machine or in its network)."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps", "smtp+plain"} or not parts.hostname:
        _wrong.append(
            "EMAIL_URL must look like smtp://user:password@host:587, smtps:// or smtp+plain://"
        )
        return {}
    ports = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
    return {
        "EMAIL_BACKEND": "outbound.channels.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_TIMEOUT": 10,
    }


def _given(name: str) -> str | None:
    """What the environment says; None when nothing."""
    value, path = os.environ.get(name), os.environ.get(f"{name}{FROM_FILE}")
    if path is None:
        return value
    if value is not None:
        _wrong.append(f"{name} and {name}{FROM_FILE} are both set")
        return value
    try:
        return Path(path).read_text().rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        _wrong.append(f"{name}{FROM_FILE} cannot be read: {type(error).__name__} at {path}")
        return ""
