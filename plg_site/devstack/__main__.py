"""What the scripts of bin/ do once the packages are there; bootstrap.py starts it."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

sys.path[0] = str(Path(__file__).resolve().parents[2])

from plg_site.devstack import domain, loopback, options  # noqa: E402


def main(command: str, arguments: list[str]) -> int:
    os.environ.update(loopback.without_proxy(os.environ))
    os.environ.pop(options.OTHER_PYTHON, None)  # meant for this start, and not for those of tests
    # SIGINT, too: a shell without job control starts what is in the background with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        if command == "test":
            from plg_site.devstack import checklist

            known, for_pytest = options.test_parser().parse_known_args(arguments)
            if known.stripe_live:
                if not os.environ.get("STRIPE_TEST_KEY", "").startswith(("sk_test_", "rk_test_")):
                    print("STRIPE_TEST_KEY has no test key of Stripe.", file=sys.stderr)
                    return 2
                os.environ["STRIPE_SCENARIOS"] = "live"
                for_pytest = ["tests/stripe_scenarios", *for_pytest]
            return checklist.run(known.state, for_pytest, tiers=known.tiers)
        if command == "bench":
            from bench.__main__ import main as measure

            return measure(arguments)
        if command == "manage":
            from plg_site.devstack import managing

            return managing.run(arguments)
        if command == "upgrade":
            from plg_site.devstack import upgrade

            return upgrade.run(options.upgrade_parser().parse_args(arguments).check)
        if command == "new-product":
            from plg_site.devstack import new_product

            return new_product.run(options.new_product_parser().parse_args(arguments).name)
        from plg_site.devstack import dev

        chosen = options.dev_parser().parse_args(arguments)
        try:
            environ = domain.given(chosen.domain, os.environ)
        except domain.NotOurs as error:
            print(error, file=sys.stderr)
            return 2
        if chosen.check:
            return dev.check(environ=environ)
        return dev.serve(chosen.state, chosen.port or 8000, environ=environ)
    except KeyboardInterrupt:
        return 130


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
