"""The website: its last build went well, and every live page can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from cms import pages, releases
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Website"


def look() -> Iterator[Finding]:
    build = releases.broken_build()
    if build is None:
        yield fine("its last build went well")
    elif build.problem:
        yield problem(f"it could not be built: {build.problem}", "Then run manage.py build_site.")
    else:
        for failure in build.failures:
            yield problem(
                f"{failure['path']} could not be built: {failure['why']}",
                "Mend the page in /cms/; visitors see its last copy until then.",
            )
    for late in releases.late_pages(now=datetime.now(UTC)):
        what = "has not ended" if late.ends else "was not published"
        yield problem(
            f"“{late.title}” {what} when its date had come: {late.why}",
            "Mend it in /cms/; it keeps its date and is tried again each minute.",
        )
    for page in pages.reserved_pages():
        yield warning(
            f"nobody sees the page “{page.title}”: the product answers at /{page.slug}/",
            "Give it another slug in /cms/.",
        )
    if releases.current() is None:
        yield problem("it was never built", "Run manage.py prepare, or manage.py build_site.")
