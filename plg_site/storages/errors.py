"""What a bucket's client raises, as the errors of a disk: callers know these, and no client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import BotoCoreError, ClientError

from plg_site.storages import BucketUnavailable


@contextmanager
def as_of_a_disk(name: str) -> Iterator[None]:
    """Raises FileNotFoundError, FileExistsError and BucketUnavailable in the client's place."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status == HTTPStatus.NOT_FOUND:
            raise FileNotFoundError(f"There is no {name} in the bucket.") from error
        if status == HTTPStatus.PRECONDITION_FAILED:
            raise FileExistsError(f"{name} is in the bucket already.") from error
        raise BucketUnavailable(f"{name}: {error}") from error
    except BotoCoreError as error:
        raise BucketUnavailable(f"{name}: {error}") from error
