"""Where traces go, if anywhere. What the environment is wrong about is noted (`env.refuse_wrong`)."""

from __future__ import annotations

from urllib.parse import urlsplit

from plg_site import tracing
from plg_site.configuration import env


def endpoint(name: str) -> str:
    """The variable: the base of an OTLP receiver's address; "" where no traces are drawn."""
    said = env.text(name, "", kind="http:// or https://")
    if not said:
        return ""
    parts = urlsplit(said)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        env.note_wrong(f"{name} must look like http://collector:4318, without /v1/traces")
    elif not tracing.available():
        env.note_wrong(f"{name} is set: pip install --require-hashes -r requirements-tracing.txt")
    else:
        return said.rstrip("/").removesuffix("/v1/traces")
    return ""


def share(name: str, default: float) -> float:
    """The variable as a number from 0 to 1."""
    said = env.text(name, str(default), kind="number from 0 to 1")
    try:
        value = float(said)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:  # also not a number
        env.note_wrong(f"{name} must be a number from 0 to 1, not {said!r}")
        return default
    return value
