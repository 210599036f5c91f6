"""Runs the stack of the commit whose tree is on PYTHONPATH, until its input ends. A script.

    python bench/against_stack.py '{"folder": "…", "port": null, "services_only": false, "apart": false}'

It says on one line, as JSON, where the stack is; see `against.py`. Only what every commit of the
development stack has is used here: this file is of the present, and the rest is not.
"""

import inspect
import json
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder; the tree is named by PYTHONPATH


def main() -> int:
    from plg_site.devstack.stack import Stack

    order = json.loads(sys.argv[1])
    known = inspect.signature(Stack).parameters
    how: dict[str, Any] = {"apart": True} if order["apart"] and "apart" in known else {}
    stack = Stack(Path(order["folder"]), port=order["port"], show=True, **how)
    try:
        stack.start(services_only=order["services_only"])
    except Exception:  # said to whoever started this
        traceback.print_exc()
        return 1
    try:
        told = {
            "site": stack.site_url,
            "domain": stack.addresses.domain,
            "port": stack.addresses.port,
            "env": stack.env,
        }
        print(f"against: {json.dumps(told)}", flush=True)
        sys.stdin.read()
    finally:
        stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
