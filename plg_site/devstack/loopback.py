"""What is on loopback never goes through a proxy.

On a company's laptop HTTP_PROXY and HTTPS_PROXY are set, often without NO_PROXY. Clients then ask the
proxy for the Stripe simulator, and it refuses: 127.0.0.1 is itself, there.
"""

from collections.abc import Mapping

NAMES = ("localhost", ".localhost", "127.0.0.1", "::1")
# Some clients read one spelling, some the other, and the small one wins where both are there.
VARIABLES = ("no_proxy", "NO_PROXY")


def without_proxy(environ: Mapping[str, str], *domains: str) -> dict[str, str]:
    """Both variables, with loopback, these domains and what is below them added to what they say."""
    said = [part.strip() for name in VARIABLES for part in environ.get(name, "").split(",")]
    below = [name for domain in domains for name in (domain, f".{domain}")]
    names = list(dict.fromkeys(filter(None, [*said, *NAMES, *below])))
    return dict.fromkeys(VARIABLES, "*" if "*" in names else ",".join(names))
