"""Where files lie: in folders of this machine, or in a bucket that all machines share (STORAGE_URL).

    s3://bucket/prefix?region=eu-central-1&endpoint=https://objects.example.com

One bucket for everything, a folder in it for each kind. Nothing here imports the client: a process
that never opens a file never loads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from plg_site.configuration import env

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # Amazon S3: "Bucket naming rules"
_PREFIX = re.compile(r"(?:[\w-][\w.-]*(?:/[\w-][\w.-]*)*)?")
_KNOWN = {"region", "endpoint"}
_BUCKET, _OF_WORKSPACES = "plg_site.storages.s3.Bucket", "plg_site.storages.s3.WorkspaceBucket"
_FOLDER = "django.core.files.storage.FileSystemStorage"


@dataclass(frozen=True)
class Bucket:
    """A bucket of S3, or of a service that speaks its protocol. `endpoint` empty: Amazon's.

    Without keys the client looks for them itself: the role of the machine, the pod or the task.
    """

    name: str
    prefix: str = ""
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""

    def folder(self, name: str) -> str:
        """Where a kind of file lies in the bucket."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def options(self, folder: str, **more: Any) -> dict[str, Any]:
        """What the backend of plg_site.storages.s3 is given."""
        return {
            "bucket_name": self.name,
            "location": self.folder(folder),
            "region_name": self.region or None,
            "endpoint_url": self.endpoint or None,
            **({"access_key": self.access_key} if self.access_key else {}),
            **({"secret_key": self.secret_key} if self.secret_key else {}),
            **more,
        }


def bucket() -> Bucket | None:
    """The bucket that the environment names; None: folders. What is wrong is noted (env)."""
    url = env.text("STORAGE_URL", "", kind="s3://bucket/prefix?region=…&endpoint=https://…")
    keys = {
        "access_key": env.text("AWS_ACCESS_KEY_ID", ""),
        "secret_key": env.text("AWS_SECRET_ACCESS_KEY", ""),
    }
    if not url:
        return None
    try:
        return Bucket(**_parts(url), **keys)
    except ValueError as error:
        env.note_wrong(f"STORAGE_URL {error}")
        return None


def _parts(url: str) -> dict[str, str]:
    """Raises ValueError, without the address in its words."""
    parts, said = urlsplit(url), parse_qs(urlsplit(url).query, keep_blank_values=True)
    name, prefix = parts.netloc, parts.path.strip("/")
    if parts.scheme != "s3" or not _NAME.fullmatch(name) or not _PREFIX.fullmatch(prefix):
        raise ValueError("must look like s3://bucket/prefix?region=eu-central-1")
    if unknown := sorted(set(said) - _KNOWN):
        raise ValueError(f"has options that nobody reads: {', '.join(unknown)}")
    found = {key: values[-1] for key, values in said.items()}
    endpoint = found.get("endpoint", "")
    if endpoint and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise ValueError("must have an endpoint like https://objects.example.com")
    return {"name": name, "prefix": prefix, **found}


def storages(shared: Bucket | None, *, state: Path, static: str) -> dict[str, dict[str, Any]]:
    """Django's STORAGES.

    `default` has the website's pictures and documents, `workspaces` what their people upload (each
    name begins with the schema, and the backend holds every name to it), `exports` archives of
    workspaces. None has an address of its own. Only in a bucket there are, besides, `archive`: old
    days of events, `releases` of the website for all machines, and `spool`: events of machines that
    ended while Redis was away.
    """
    found: dict[str, dict[str, Any]]
    if shared is None:
        found = {
            "default": {"BACKEND": _FOLDER},
            "workspaces": {
                "BACKEND": "tenants.storage.WorkspaceStorage",
                "OPTIONS": {"location": str(state / "uploads")},
            },
            "exports": {"BACKEND": _FOLDER, "OPTIONS": {"location": str(state / "exports")}},
        }
    else:
        found = {
            "default": {"BACKEND": _BUCKET, "OPTIONS": shared.options("media")},
            "workspaces": {"BACKEND": _OF_WORKSPACES, "OPTIONS": shared.options("uploads")},
            "exports": {"BACKEND": _BUCKET, "OPTIONS": shared.options("exports")},
            "archive": {
                "BACKEND": _BUCKET,
                "OPTIONS": shared.options("archive", file_overwrite=True),
            },
            "releases": {"BACKEND": _BUCKET, "OPTIONS": shared.options("releases", once=True)},
            "spool": {"BACKEND": _BUCKET, "OPTIONS": shared.options("spool", once=True)},
        }
    return {**found, "staticfiles": {"BACKEND": static}}
