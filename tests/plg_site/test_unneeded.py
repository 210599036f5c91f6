"""What is left out of a start is not there, and what comes late comes."""

from __future__ import annotations

import subprocess
import sys

SEES = """
import sys
from plg_site import unneeded
unneeded.leave_out()
import django
django.setup()
"""


def said_by(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SEES + code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LATE = [
    ("from bs4 import BeautifulSoup as B; print(B('<p id=a>x</p>', 'html.parser').select('#a'))",
     '[<p id="a">x</p>]'),
    ("import jinja2; print(jinja2.Template('{{ 6 * 7 }}').render())", "42"),
    ("import asyncio; from throttled.asyncio import MemoryStore\n"
     "print(asyncio.run(MemoryStore().exists('x')))", "False"),
    ("import sqlparse; print(len(sqlparse.split('SELECT 1; SELECT 2')))", "2"),
    ("import httpx; print(httpx.URL('http://a.example/b').path)", "/b"),
    ("from plg_site.urls.site import urlpatterns; from django.urls import reverse\n"
     "print(reverse('wagtailapi_v3:list_pages', 'plg_site.urls.site'))", "/api/content/pages/"),
]  # fmt: skip


def test_a_start_imports_none_of_it_and_what_is_used_is_there_when_it_is_used():
    """In one process: none of what comes late needs another of it."""
    loaded = "print(*[name for name, there in sys.modules.items() if there])"
    first, *answers = said_by("\n".join([loaded, *(code for code, _ in LATE)])).splitlines()
    modules = set(first.split())
    assert "wagtail.snippets" in modules
    assert not {"rich.console", "pygments", "soupsieve.css_parser", "stripe._charge"} & modules
    assert not {"dns.resolver", "wagtail.api.v3.routers.pages"} & modules
    assert not {"jinja2.environment", "throttled.asyncio.throttled", "yaml.loader"} & modules
    assert not {"sqlparse.sql"} & modules
    assert answers == [answer for _, answer in LATE]
