"""Buckets as storages of Django: what django-storages has, with the rules that hold here.

- Private: no object has an address of its own; `url` gives a signed one that soon ends.
- Signature Version 4 always: for an endpoint of one's own django-storages would sign with Version 2.
- Reading asks for the part that is wanted (ranges.py), not for the whole object.
- A name is written once where `once` says so: the service itself refuses a second time (If-None-Match,
  RFC 9110, 13.1.2), whoever asks at the same moment.
"""

from __future__ import annotations

import threading
from typing import IO, Any

from boto3 import Session
from botocore.config import Config
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from plg_site.storages.errors import as_of_a_disk
from plg_site.storages.ranges import reader
from tenants.storage import KeepsApart

SIGNED_FOR = 60  # seconds: enough to begin a download
_making = threading.Lock()
_sessions: dict[tuple[str | None, ...], Session] = {}


class Bucket(S3Storage):
    """A folder of a bucket. Raises BucketUnavailable, FileNotFoundError, and FileExistsError where a
    name is written once."""

    def __init__(self, *, once: bool = False, **options: Any) -> None:
        """`options` are those of S3Storage: bucket_name, location, region_name, endpoint_url, keys."""
        self.once = once
        own = bool(options.get("endpoint_url"))
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if own else "virtual"},
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=20,  # threads of a web process
            # Not every service that speaks the protocol knows Amazon's later checksums.
            **(
                {
                    "request_checksum_calculation": "when_required",
                    "response_checksum_validation": "when_required",
                }
                if own
                else {}
            ),
        )
        super().__init__(
            **{
                "client_config": config,
                "file_overwrite": False,
                "querystring_expire": SIGNED_FOR,
                "max_memory_size": 1024 * 1024,  # the rest of what is written goes to the disk
                **options,
            }
        )

    @property
    def client(self) -> Any:
        """The client of boto3, which threads may share (boto3, "Clients: Multithreading")."""
        return self.connection.meta.client

    def key(self, name: str) -> str:
        """The whole name in the bucket."""
        return str(self._normalize_name(name))

    @property
    def connection(self) -> Any:
        with _making:  # a session is no thread's to share while it makes something
            return super().connection

    @property
    def bucket(self) -> Any:
        """Of this thread: such objects are not to be shared."""
        return self.connection.Bucket(self.bucket_name)

    def _create_session(self) -> Session:
        """One for all: each would read the description of the service anew, some 10 MB."""
        said = (self.access_key, self.secret_key, self.security_token)
        if said not in _sessions:
            _sessions[said] = super()._create_session()
        return _sessions[said]

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name if self.once else str(super().get_available_name(name, max_length))

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if mode != "rb":
            raise ValueError("Objects are read as bytes, and written by save().")
        with as_of_a_disk(name):
            return File(reader(self.client, self.bucket_name, self.key(name)), name)

    def _save(self, name: str, content: IO[Any]) -> str:
        with as_of_a_disk(name):
            if not self.once:
                return str(super()._save(name, content))
            content.seek(0)
            self.client.put_object(
                Bucket=self.bucket_name, Key=self.key(name), Body=content.read(),
                IfNoneMatch="*", **self._get_write_parameters(name, content),
            )  # fmt: skip
            return name

    def delete(self, name: str) -> None:
        with as_of_a_disk(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with as_of_a_disk(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with as_of_a_disk(name):
            return int(super().size(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with as_of_a_disk(name):
            folders, files = super().listdir(name)
            return folders, files


class WorkspaceBucket(KeepsApart, Bucket):
    """What workspaces upload: a name is that of the workspace which was entered, or refused."""
