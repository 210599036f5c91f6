"""Who may ask the simulator: programs and browsers of this machine, under its own name.

Its pages take any card and its API any test key, so it is for nobody else. The name is looked at as
well as the address: a page of a stranger may make its own name lead to this machine.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}
_REFUSAL = "The Stripe simulator answers this machine only, at 127.0.0.1.\n"


class OnlyThisMachine:
    """ASGI middleware; `public_url` is where a browser finds the pages."""

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self._app = app
        self._names = _LOOPBACK_NAMES | {urlsplit(public_url).hostname or ""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._may_ask(scope):
            await PlainTextResponse(_REFUSAL, status_code=403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _may_ask(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        asked = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}")
        passed_on = b"x-forwarded-for" in headers or b"forwarded" in headers
        try:
            local = ip_address((scope.get("client") or ("",))[0]).is_loopback
            return local and not passed_on and asked.hostname in self._names
        except ValueError:
            return False
