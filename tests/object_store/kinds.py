"""Tests that hold for folders and for a bucket: `pytestmark = both_storages`."""

import pytest

both_storages = [
    pytest.mark.usefixtures("storage_kind"),
    pytest.mark.parametrize(
        "storage_kind",
        ["folders", pytest.param("bucket", marks=pytest.mark.thorough)],
        indirect=True,
    ),
]
