"""`python -m stripe_simulator`: start the simulator."""

import argparse
import logging
from pathlib import Path

import uvicorn

from stripe_simulator.resources.webhook_endpoints import configure
from stripe_simulator.server import application
from stripe_simulator.store import Store


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stripe_simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--state", type=Path, required=True, help="folder of the database")
    parser.add_argument("--webhook-url", help="where every event is posted")
    parser.add_argument("--webhook-secret", help="the secret that signs them")
    parser.add_argument("--public-url", help="where a browser finds the pages")
    parser.add_argument("--api-key", help="accept this key only (default: any test key)")
    arguments = parser.parse_args()
    if bool(arguments.webhook_url) != bool(arguments.webhook_secret):
        parser.error("--webhook-url and --webhook-secret go together")
    return arguments


def main() -> None:
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    public_url = arguments.public_url or f"http://127.0.0.1:{arguments.port}"
    store = Store(arguments.state / "stripe.sqlite3", public_url=public_url.rstrip("/"))
    if arguments.webhook_url:
        with store.transaction() as state:
            configure(state, url=arguments.webhook_url, secret=arguments.webhook_secret)
    uvicorn.run(
        application(store, api_key=arguments.api_key),
        host=arguments.host,
        port=arguments.port,
        log_level="warning",
        access_log=False,
        date_header=False,  # answers of the API tell the simulated time
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
