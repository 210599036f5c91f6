from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.metrics import machine
from tests.plg_site.proxies import free_port


@pytest.fixture
def counted(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Numbers are kept, in a table of this test; its file."""
    settings.METRICS_PORT = free_port()
    monkeypatch.setattr(machine, "folder", lambda: tmp_path)
    machine.forget()
    yield machine.file()
    machine.leave()
