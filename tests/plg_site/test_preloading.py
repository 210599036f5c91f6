"""What is loaded for all processes holds nothing that is made only afterwards."""

from __future__ import annotations

import os
import subprocess
import sys

from plg_site.devstack.options import ROOT

CODE = """
from plg_site import preloading
preloading.load()
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.functional import empty
from django.db import connections
print(staticfiles_storage._wrapped is empty, connections["default"].connection)
"""


def test_names_of_static_files_are_looked_for_after_the_fork():
    """`prepare` collects them, and is forked itself."""
    env = os.environ | {"WATCH_FILES": "0", "DJANGO_SETTINGS_MODULE": "plg_site.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "None"], done.stderr
