"""What settings say about events, with the defaults. Read at use, so that tests can change them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def redis_url() -> str:
    """Where the stream lives: redis://host:port/db."""
    return settings.REDIS_URL


def stream() -> str:
    """The stream's key; two installations on one Redis need two."""
    return getattr(settings, "EVENTS_STREAM", "events")


def stream_max_length() -> int:
    """How many unread events the stream may hold before it refuses more (they go to the spool)."""
    return getattr(settings, "EVENTS_STREAM_MAX_LENGTH", 1_000_000)


def spool_dir() -> Path:
    """The folder that keeps events while the stream does not take them."""
    return Path(settings.EVENTS_SPOOL_DIR)


def spool_max_bytes() -> int:
    """The spool's bound, over all processes of this machine."""
    return getattr(settings, "EVENTS_SPOOL_MAX_BYTES", 256 * 1024 * 1024)


def database_url() -> str:
    """The store: postgres://user:password@host:port/name. Never the primary database.

    Or clickhouse://user:password@host:8123/name, and clickhouse+https://.
    """
    return settings.EVENTS_DATABASE_URL


def clickhouse_cluster() -> str:
    """The name of a cluster of replicas that holds the ClickHouse tables; empty: one server."""
    return getattr(settings, "EVENTS_CLICKHOUSE_CLUSTER", "")


def pool_size() -> int:
    """Connections to the store that one process may hold."""
    return getattr(settings, "EVENTS_POOL_SIZE", 8)


def retention_days() -> int:
    """For how many days raw events stay in the store before they go to a file; 0: for ever."""
    return getattr(settings, "EVENTS_RETENTION_DAYS", 800)


def has_storage(name: str) -> bool:
    """Whether the settings have a place of this name in the bucket that machines share."""
    return name in settings.STORAGES


def archive_dir() -> Path:
    """The folder of the Parquet files, where no bucket takes them."""
    return Path(settings.EVENTS_ARCHIVE_DIR)


def refusals_wait() -> float:
    """Seconds that the count of a refusal waits for events to travel with, before it goes alone."""
    return getattr(settings, "EVENTS_REFUSALS_WAIT", 2.0)


def readers_threads() -> int:
    """How many readers a process of `run_readers` has at work at once."""
    return getattr(settings, "READERS_THREADS", 4)


def events_nice() -> int:
    """How far a process of `consume_events` stands behind those who record (nice(2)); 0: not at all."""
    return getattr(settings, "EVENTS_NICE", 5)


def readers_nice() -> int:
    """How far `run_readers` stands behind those who record and store (nice(2)); 0: not at all."""
    return getattr(settings, "READERS_NICE", 10)


def metrics_port() -> int:
    """Where Prometheus asks; 0: nobody does, and nothing is counted."""
    return getattr(settings, "METRICS_PORT", 0)


def metrics_address() -> str:
    """The address of that port; it says nothing secret, but it is not for strangers."""
    return getattr(settings, "METRICS_ADDRESS", "127.0.0.1")


def says_batches() -> bool:
    """Whether each batch that was stored is a line in the log."""
    return getattr(settings, "LOG_REQUESTS", False)


def pressure_by_itself() -> int:
    """The highest level of pressure that signals lead to; 0: there is none but by hand."""
    return getattr(settings, "PRESSURE_BY_ITSELF", 3)


def keep_one_in() -> int:
    """Under pressure one in so many of the events that may be left out is kept."""
    return getattr(settings, "PRESSURE_KEEP_ONE_IN", 10)
