"""`bin/bench AREA`: measures, prints a table, exits 1 when a bar does not hold or a module failed.

What an option means stands in plg_site/devstack/options.py.
"""

from __future__ import annotations

import os
import sys

from bench.measuring import Run, modules_of
from bench.sizes import TINY, full
from plg_site.devstack.options import bench_parser
from plg_site.devstack.programs import without_services
from plg_site.devstack.stack import Stack


def main(arguments: list[str] | None = None) -> int:
    parser = bench_parser()
    options = parser.parse_args(arguments)
    try:
        modules = modules_of(options.area, only=options.only)
    except LookupError as error:
        parser.error(str(error))
    run = Run(options.area, size=TINY if options.tiny else full(options.part), file=options.json)
    environ = without_services(os.environ)
    with Stack(environ=environ, show=True).start(services_only=True) as stack:
        run.measure(modules, stack=stack)
    print(f"\n{run.report()}", flush=True)
    return run.exit_code


if __name__ == "__main__":
    sys.exit(main())
