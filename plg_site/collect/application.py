"""The collector's ASGI application: Segment's HTTP API, its SDKs' settings, /livez, /readyz, /healthz."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from events import limits, metrics, transport
from events.errors import EventsNotAccepted
from identity import collecting
from identity.collecting import Known, Message, Refused, Snapshot, Teller
from plg_site.collect import answers, asking
from plg_site.collect.answers import Answer, Send, refusal
from plg_site.collect.asking import BATCH, Busy, Place, Receive, Room
from plg_site.collect.gathering import Gathering
from plg_site.collect.knowing import Knowing, Unknown
from plg_site.web import probes
from plg_site.web.client_address import Trusted, settle

log = structlog.get_logger()
AT_ONCE = 250  # events of one request between two looks at the others
MOST_IN_FLIGHT = 64 * 1024 * 1024  # bytes of bodies that have come and are not answered
MOST_REQUESTS = 1_000  # that are being worked on
TAKEN = metrics.Counter(
    "plg_collected_events_total", "Events that the collector took", labels=("kind",), most=6
)
REFUSED = metrics.Counter("plg_collected_refused_total", "Events that the collector refused")
_UNKNOWN_KEY = refusal(401, "unknown_key", "No source has this write key, or it has ended.")
_NO_KEY = "Send your write key as the user name of Basic authorization, or as writeKey."


class Application:
    """Over what is known of sources, and the way into the log."""

    def __init__(self, *, knowing: Knowing, gathering: Gathering) -> None:
        self._knowing, self._gathering = knowing, gathering
        self._in_flight = asking.InFlight(MOST_IN_FLIGHT)
        self._requests = 0
        self._trusted = Trusted(settings.TRUSTED_PROXIES)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                await self._serve(scope, receive, send)
            except asking.Gone:
                return

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        looking = asyncio.create_task(self._knowing.run())
        probes.begin()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        looking.cancel()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._knowing.close)
        await loop.run_in_executor(None, self._gathering.close)
        await loop.run_in_executor(None, transport.leave_spool)
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Any, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method == "OPTIONS":
            await answers.preflight(send)
            return
        is_head = method == "HEAD"
        if path in probes.PATHS or path == "/healthz":
            await answers.give(send, self._health(path), is_head=is_head)
            return
        at = asking.place(path)
        if at is None:
            answer = refusal(404, "not_found", "Nothing is at this address: see docs/collector.md.")
        elif at.call or at.is_metrics:
            answer = await self._post(scope, receive, at)
        elif method not in ("GET", "HEAD"):
            answer = refusal(405, "method", "Send GET.", allow="GET, HEAD, OPTIONS")
        elif at.settings_of:
            answer = await self._settings(at.settings_of)
        else:
            answer = answers.of_json(200, {"collector": "Segment's HTTP API stands at /v1/."})
        await answers.give(send, answer, is_head=is_head)

    def _health(self, path: str) -> Answer:
        if path == "/healthz":
            knows = self._knowing.snapshot is not None
            said = {"knows": knows}
            return (
                answers.of_json(200, said) if knows else answers.of_json(503, said, retry_after="2")
            )
        if path == probes.READY and self._knowing.snapshot is None:
            return _later("starting", 2)
        said_probe = probes.answer(path)
        more = [] if said_probe.status == 200 else [(b"retry-after", b"5")]
        return Answer(int(said_probe.status), said_probe.body, more)

    async def _settings(self, key: str) -> Answer:
        """What analytics-next asks for first; without an answer it sends nothing at all."""
        try:
            source, _ = await self._source(key)
        except Unknown:
            return _later("starting", 2)
        if source is None:
            return refusal(404, "unknown_key", "No source has this write key.")
        where = urlsplit(settings.COLLECT_URL)
        sends_to = {"apiHost": f"{where.netloc}/v1", "protocol": where.scheme}
        said = {
            "integrations": {"Segment.io": {"apiKey": key, **(sends_to if where.netloc else {})}},
            "plan": {"track": {}, "identify": {}, "group": {}},
            "metrics": {"sampleRate": 0},
        }
        return answers.of_json(200, said, cache_control="public, max-age=60")

    async def _post(self, scope: Any, receive: Receive, at: Place) -> Answer:
        if scope["method"] != "POST":
            return refusal(405, "method", "Send POST.", allow="POST, OPTIONS")
        if at.is_metrics:  # what Segment's SDK tells of itself
            return answers.taken()
        headers = asking.headers_of(scope)
        if self._requests >= MOST_REQUESTS:
            return _later("busy", 1)
        self._requests += 1
        room = Room(self._in_flight)
        try:
            sent = await asking.body_of(receive, headers, room)
            return await self._take(scope, headers, sent, at.call)
        except TimeoutError:
            return refusal(408, "slow", "The body did not come in time.")
        except Unknown:
            return _later("starting", 2)
        except Busy:
            return _later("busy", 1)
        except EventsNotAccepted:
            return _later("not_accepted", 5)
        except (collecting.TooLarge, collecting.TooMany) as error:
            return refusal(413, "too_large", str(error))
        except collecting.Unreadable as error:
            return refusal(400, "undecodable", str(error))
        except asking.Gone:
            raise
        except Exception:
            log.exception(
                "collect_failed"
            )  # a fault of ours: what was sent must not be thrown away
            return _later("failed", 30)
        finally:
            room.give_back()
            self._requests -= 1

    async def _take(
        self, scope: Any, headers: dict[bytes, bytes], sent: bytes, call: str
    ) -> Answer:
        key = asking.key_of(headers)
        if key and (await self._source(key))[0] is None:  # before its body is worth any work
            return _UNKNOWN_KEY
        encoding = headers.get(b"content-encoding", b"").decode("latin-1")
        body = collecting.plain(sent, encoding=encoding)
        message = collecting.read_batch(body) if call == BATCH else collecting.read_one(body, call)
        now = datetime.now(UTC)
        key = key or _key_in(message)
        if not key:
            return refusal(401, "no_key", _NO_KEY)
        source, snapshot = await self._source(key)
        if source is None:
            return _UNKNOWN_KEY
        if source.is_trusted and b"origin" in headers:
            words = f"This key is of a {source.kind}: it may not be in a page that people open."
            return refusal(403, "wrong_kind", words)
        if wait := self._seconds_to_wait(scope, headers, source, len(message.batch)):
            return refusal(429, "too_many", "Too much comes from this address.", retry_after=wait)
        return await self._record(message, source, snapshot, now)

    async def _source(self, key: str) -> tuple[Known | None, Snapshot]:
        return await self._knowing.source(key[: collecting.LONGEST_KEY])

    async def _record(
        self, message: Message, source: Known, snapshot: Snapshot, now: datetime
    ) -> Answer:
        teller = Teller(source, snapshot, self._knowing.tally, message, now=now)
        lines, refused = list[bytes](), list[Refused]()
        for start in range(0, len(message.batch), AT_ONCE):
            told = teller.tell(start, start + AT_ONCE)
            lines += told.lines
            refused += told.refused
            if start + AT_ONCE < len(message.batch):
                await asyncio.sleep(0)
        if lines:
            await self._gathering.send(lines)
            TAKEN.add(len(lines), source.kind)
        if refused:
            REFUSED.add(len(refused))
        return answers.taken(refused)

    def _seconds_to_wait(
        self, scope: Any, headers: dict[bytes, bytes], source: Known, events: int
    ) -> int:
        """Whoever opens a website has its key: what comes of an address is bounded. Of the company's own
        servers nothing is."""
        if source.is_trusted:
            return 0
        client = scope.get("client")
        environ: dict[str, Any] = {"REMOTE_ADDR": client[0] if client else ""}
        if said := headers.get(b"x-forwarded-for"):
            environ["HTTP_X_FORWARDED_FOR"] = said.decode("latin-1")
        settle(environ, trusted=self._trusted, scheme=settings.PUBLIC_SCHEME)
        address = limits.address_key(environ)
        if address is None:
            taken = limits.take_here(settings.COLLECT_FROM_UNKNOWN, "collect-unknown", cost=events)
        else:
            taken = limits.take_here(settings.COLLECT_BY_ADDRESS, f"collect:{address}", cost=events)
        return max(1, round(taken.retry_after)) if taken.over else 0


def _key_in(message: Message) -> str:
    """As SDKs that send it in the body do."""
    found = message.writeKey
    if found is None and message.batch:
        found = message.batch[0].writeKey
    return found if isinstance(found, str) else ""


def _later(code: str, seconds: int) -> Answer:
    words = "Nothing of this was stored. Please send it again later."
    return refusal(503, code, words, retry_after=seconds)
