"""Fifty times a usual day, on one machine with everything on it, beside a flood of mail and an editor.

Usual: 2 sign-ups a minute, 10 pages and 20 clicks a second. Sign-ups and pages come fifty-fold as they
are, pages through Varnish; of the clicks, and of the visits that pages tell of, one in four. Everybody
comes from an address of their own, as a proxy that is declared says it.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.figures import Figure
from bench.footprint import tree
from bench.launch import crowd, load, mail_server, pressure, rows, tools, varnish
from bench.launch.editor import Editor, at_work
from bench.launch.load import CLICKS, CODES, PAGES, SIGN_UPS, VISITS, Day
from bench.launch.mail_server import MailServer
from bench.sizes import TINY, Size
from plg_site.devstack import ports
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack

SECONDS, USUAL_SECONDS = 900, 60
# A minute. The usual day has more sign-ups and codes than it should, so that there are some to be measured.
USUAL = {SIGN_UPS: 30, PAGES: 600, VISITS: 150, CLICKS: 300, CODES: 12}
FIFTY_FOLD = {SIGN_UPS: 100, PAGES: 30_000, VISITS: 7_500, CLICKS: 15_000, CODES: 50}
MAIL_TAKES = 0.5  # seconds of the mail server for each mail
MAILS = 6  # of the flood, for each second of the day
CODES_OF_ONE = 3  # that one mailbox asks for, at most
TENTH = 10  # of the load does where nothing is measured
CALM_WITHIN = 600.0  # seconds


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    del stack  # it has a whole one of its own
    try:
        tools.k6()  # before anything starts
        tools.varnishd()
    except tools.CannotBeHad as error:
        if size is not TINY:
            raise
        return [rows.skipped(str(error))]
    with mail_server.running(takes=MAIL_TAKES) as mail, _site(mail) as site:
        return _a_day(site, mail, size)


@dataclass(frozen=True)
class Site:
    """An installation, and varnish in front of its site with what that keeps in `varnish`."""

    stack: Stack
    varnish: Path
    through_varnish: int

    @property
    def host(self) -> str:
        return f"{self.stack.addresses.domain}:{self.stack.addresses.port}"

    @property
    def ways(self) -> dict[str, str]:
        """Where each host is asked: the site through varnish, workspaces at the web process."""
        web = f"{ports.LOOPBACK}:{self.stack.addresses.port}"
        return {self.host: f"{ports.LOOPBACK}:{self.through_varnish}", f"*.{self.host}": web}


@contextmanager
def _site(mail: MailServer) -> Iterator[Site]:
    """All processes apart, as deployed; this process is one of the project's, too."""
    port = ports.find_free()
    environ = without_services(without_made_up(os.environ)) | {
        "CDN": "http",
        "CDN_PURGE_URLS": f"http://{ports.LOOPBACK}:{port}",
        "EMAIL_URL": f"smtp+plain://127.0.0.1:{mail.port}",
        "MAIL_QUIET_FROM": "0",  # whatever the time is
        "MAIL_QUIET_UNTIL": "0",
        "PRESSURE_BY_ITSELF": "3",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "WATCH_FILES": "0",
    }
    with Stack(environ=environ, apart=True, show=True).start() as stack:
        os.environ.update(stack.env)
        import django

        django.setup()
        folder, here = stack.state.path / "varnish", stack.addresses
        stack.supervisor.start(
            varnish.program(folder, port=port, web=here.port, site=here.domain, env=stack.env)
        )
        stack.supervisor.wait_until_ready("varnish")
        yield Site(stack, folder, port)


def _a_day(site: Site, mail: MailServer, size: Size) -> list[Figure]:
    from django.conf import settings
    from django.urls import reverse

    from cms.releases import shelf

    release = shelf.current()
    assert release is not None  # noqa: S101 - `prepare` has built it
    seconds, usual_seconds = size.of(SECONDS, at_least=4), size.of(USUAL_SECONDS, at_least=2)
    asking = crowd.mailboxes(
        FIFTY_FOLD[CODES] * (seconds + usual_seconds) // 60 // CODES_OF_ONE + 4
    )
    day = Day(
        name="usual",
        seconds=usual_seconds,
        per_minute=USUAL,
        site=site.stack.site_url,
        hosts=site.ways,
        pages=[f"/{path}" for path, entry in release.entries.items() if entry.page],
        visits=reverse("cms_visits", urlconf=settings.PUBLIC_SCHEMA_URLCONF),
        links=crowd.links(site.stack.site_url),
        people=asking,
    )
    with step(f"  a usual day, {usual_seconds} s"):
        usual = load.run(day)
    crowd.flood(crowd.mailboxes(MAILS * seconds))
    rates = {what: max(10, rate // TENTH) for what, rate in FIFTY_FOLD.items()}
    fifty_fold = replace(
        day, name="launch", seconds=seconds, per_minute=rates if size is TINY else FIFTY_FOLD
    )
    kept_before, busy_before = varnish.hits(site.varnish), _busy()
    editor = Editor(site.host, site.through_varnish)
    with pressure.watched() as seen:
        with step(f"  fifty times as many, {seconds} s"), at_work(editor):
            launch = load.run(fifty_fold)
        busy, kept = _busy(), varnish.hits(site.varnish)
        with step("  until nothing gives way any more") as shown:
            calm = pressure.until_calm(seen, within=1.0 if size is TINY else CALM_WITHIN)
            shown.note = seen.in_words
    told = rows.Told(
        usual=usual,
        launch=launch,
        mail=mail.taken,
        seen_after=editor.seen_after,
        never_seen=editor.never,
        pressure=seen,
        calm_after=calm,
        kept=kept[0] - kept_before[0],
        flood=crowd.left(),
        busy={part: busy[part] - busy_before.get(part, 0.0) for part in busy},
        machine=f"load {', '.join(f'{each:.1f}' for each in os.getloadavg())}",
    )
    return rows.of(told)


def _busy() -> Mapping[str, float]:
    """Seconds of the processor by part; of k6 what it took until it ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return tree.processor_by_part(os.getpid()) | {"k6": children.ru_utime + children.ru_stime}
