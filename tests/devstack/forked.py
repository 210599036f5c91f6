"""A program that the tests of forking run: says who it is, then does as it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import uuid_utils.compat

from tests.devstack import small_parent

about = {
    "pid": os.getpid(),
    "parent": os.getppid(),
    "leads": os.getsid(0) == os.getpid(),
    "arguments": sys.argv[1:],
    "bind": os.environ.get("WEB_BIND"),
    "loaded": bool(small_parent.FIRST),
    "handles": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
    "uuid": str(uuid_utils.compat.uuid7()),
}
if "with-a-child" in sys.argv:
    about["child"] = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid
print(json.dumps(about), flush=True)
if "ends" in sys.argv:
    sys.exit(3)
time.sleep(60)
