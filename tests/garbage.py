"""While tests are collected, garbage is not: imports leave none, and what they leave stays to the end.

A pytest plugin (see addopts in pyproject.toml). Looking through all modules again and again took a tenth of
the processor's time.
"""

from __future__ import annotations

import gc

import pytest

gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
