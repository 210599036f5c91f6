"""An object that is read like a file: only the parts that are asked for travel.

A reader that goes back, as `zipfile` does, or that wants one range of many, as a browser does, costs a
request for each piece. All pieces are of one version of the object: its ETag is asked for, too.
"""

from __future__ import annotations

import io
from typing import Any

from typing_extensions import Buffer

from plg_site.storages.errors import as_of_a_disk

PIECE = 1024 * 1024  # bytes of one request


def reader(client: Any, bucket: str, key: str) -> io.BufferedReader:
    """The object, seekable. Raises botocore's ClientError, also when it is not there."""
    return io.BufferedReader(_Object(client, bucket, key), buffer_size=PIECE)


class _Object(io.RawIOBase):
    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client, self._of = client, {"Bucket": bucket, "Key": key}
        head = client.head_object(**self._of)
        self._size, self._etag, self._at = int(head["ContentLength"]), head["ETag"], 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        end = min(self._at + len(view), self._size)
        if end <= self._at:
            return 0
        with as_of_a_disk(self._of["Key"]):
            said = self._client.get_object(
                **self._of, Range=f"bytes={self._at}-{end - 1}", IfMatch=self._etag
            )
            content: bytes = said["Body"].read()
        view[: len(content)] = content
        self._at += len(content)
        return len(content)
