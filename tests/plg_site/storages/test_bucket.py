"""What holds for a bucket alone: it is private, written once where that is said, and may be away."""

from __future__ import annotations

import subprocess
import sys
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from plg_site.configuration.storages import Bucket
from plg_site.configuration.storages import storages as made
from plg_site.storages import BucketUnavailable
from plg_site.storages.s3 import Bucket as Backend
from tenants.storage import NotThisWorkspace
from tests.object_store.server import BUCKET

pytestmark = pytest.mark.thorough  # a server from an environment of its own

ACME, GLOBEX = (f"w_{letter * 32}" for letter in "ab")


def test_of_many_who_write_a_name_at_once_one_does(in_bucket: Bucket) -> None:
    outcomes: list[str] = []
    ready = threading.Barrier(8)

    def write(number: int) -> None:
        ready.wait(30)
        try:
            storages["releases"].save("once", ContentFile(str(number).encode()))
            outcomes.append(str(number))
        except FileExistsError:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    [winner] = [each for each in outcomes if each != "refused"]
    assert len(outcomes) == 8
    assert storages["releases"].open("once").read() == winner.encode()


def test_an_address_is_signed_with_version_4_and_ends_soon(in_bucket: Bucket) -> None:
    name = storages["exports"].save("exports/one", ContentFile(b"private"))
    said = parse_qs(urlsplit(storages["exports"].url(name)).query)
    assert said["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert int(said["X-Amz-Expires"][0]) <= 60


def test_no_object_is_given_to_everybody(in_bucket: Bucket, object_store) -> None:
    name = storages["exports"].save("exports/one", ContentFile(b"private"))
    key = storages["exports"].key(name)  # type: ignore[attr-defined]
    grants = object_store.client().get_object_acl(Bucket=BUCKET, Key=key)["Grants"]
    assert all("URI" not in grant["Grantee"] for grant in grants)


def test_a_workspace_reaches_no_file_of_another(in_bucket: Bucket, tenant_of_schema) -> None:
    theirs = storages["workspaces"].save(f"{GLOBEX}/one", ContentFile(b"theirs"))
    with tenant_of_schema(ACME):
        for ask in (
            lambda: storages["workspaces"].open(theirs),
            lambda: storages["workspaces"].delete(theirs),
            lambda: storages["workspaces"].url(theirs),
            lambda: storages["workspaces"].listdir(f"{GLOBEX}/"),
            lambda: storages["workspaces"].open(f"{ACME}/../{GLOBEX}/one"),
        ):
            with pytest.raises(NotThisWorkspace):
                ask()
    assert storages["workspaces"].open(theirs).read() == b"theirs"


@pytest.fixture
def tenant_of_schema(db):  # type: ignore[no-untyped-def]
    from django_tenants.utils import schema_context

    return schema_context


def test_a_bucket_that_does_not_answer_is_an_error_of_the_disk() -> None:
    nobody = Bucket(name="nobody", region="us-east-1", endpoint="http://127.0.0.1:1",
                    access_key="a", secret_key="b")  # fmt: skip
    away = Backend(**nobody.options("media"))
    for ask in (
        lambda: away.save("one", ContentFile(b"x")),
        lambda: away.open("one"),
        lambda: away.exists("one"),
        lambda: away.delete("one"),
        lambda: away.listdir("a"),
    ):
        with pytest.raises(BucketUnavailable):
            ask()


def test_a_process_without_a_bucket_never_loads_its_client(tmp_path) -> None:
    program = (
        "import sys, django; django.setup();"
        "from django.core.files.storage import storages;"
        "[storages[name] for name in ('default', 'workspaces', 'exports')];"
        "assert not {'boto3', 'botocore', 'storages'} & set(sys.modules), 'loaded'"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_there_is_a_release_storage_in_a_bucket_alone(tmp_path, shared_bucket: Bucket) -> None:
    assert "releases" not in made(None, state=tmp_path, static="x")
    assert "releases" in made(shared_bucket, state=tmp_path, static="x")
