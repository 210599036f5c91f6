"""A process that draws so many spans, and ends: `python -m tests.plg_site.tracing.drawing_alone 3000`"""

import sys
import time

import django


def main(spans: int) -> None:
    django.setup()
    from plg_site import tracing

    draws = tracing.draws()
    began = time.monotonic()
    for number in range(spans):
        if number and number % 1000 == 0:
            time.sleep(1.2)  # longer than a batch waits
        span, _ = draws.begin_request({}, method="GET", request_id=f"request-{number}")
        draws.end_request(span, route="site:home", method="GET", status=200)
    print("drawn", time.monotonic() - began, flush=True)


main(int(sys.argv[1]))
