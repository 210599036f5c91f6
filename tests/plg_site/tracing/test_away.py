"""A collector that is away, or takes and never answers: nobody waits, and the log does not fill up."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tests.plg_site.proxies import ROOT, free_port
from tests.stack.traces.collector import collecting

pytestmark = pytest.mark.thorough


def drawn(endpoint: str, *, spans: int = 3000) -> tuple[float, str]:
    """How long a process of that many spans lived after the last of them, and what it said."""
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT),
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "200", "LOG_FORMAT": "json",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.plg_site.tracing.drawing_alone", str(spans)],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("drawn")
    began = time.monotonic()
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    return time.monotonic() - began, said


def test_all_that_was_drawn_is_sent_before_a_process_ends():
    with collecting() as (collector, endpoint):
        _, said = drawn(endpoint, spans=1500)
        assert len(collector.spans()) == 1500
    assert "traces" not in said


def test_one_that_is_away_is_one_line():
    took, said = drawn(f"http://127.0.0.1:{free_port()}")
    assert took < 10
    assert said.count("traces_collector_away") == 1
    assert len(said.splitlines()) == 1, said


def test_one_that_never_answers_keeps_a_process_for_seconds():
    with collecting() as (collector, endpoint):
        collector.hangs.set()
        took, said = drawn(endpoint)
        collector.freed.set()
    assert took < 10
    assert len(said.splitlines()) <= 1, said
