"""Settings of the tests: real PostgreSQL and Redis, under names of their own."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from plg_site.settings import *  # noqa: F403
from plg_site.settings import CACHES, DATABASES, EVENTS_DATABASE_URL, STORAGES

DATABASES["default"]["NAME"] = f"test_{DATABASES['default']['NAME']}"
_events = urlsplit(EVENTS_DATABASE_URL)
EVENTS_DATABASE_URL = urlunsplit(_events._replace(path=f"/test_{_events.path.lstrip('/')}"))
EVENTS_STREAM = "test-events"
QUOTA_PREFIX = "test-quota"
CACHES["default"]["KEY_PREFIX"] = "test"

STATE_DIR = Path(tempfile.mkdtemp(prefix="plg-tests-"))
EVENTS_SPOOL_DIR = STATE_DIR / "spool"
SITE_RELEASES_DIR = STATE_DIR / "releases"
MAIL_OUTBOX_DIR = STATE_DIR / "outbox"
MEDIA_ROOT = STATE_DIR / "media"
STORAGES["workspaces"]["OPTIONS"]["location"] = str(STATE_DIR / "uploads")
STORAGES["exports"]["OPTIONS"]["location"] = str(STATE_DIR / "exports")
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"

OUTBOUND_AT_ONCE = (
    True  # what is due leaves with the commit; the tests of the stack have the process
)
POOL_MIN = POOL_MAX = 3
# Tasks run where they are enqueued; the tests of the whole stack use a real worker.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
# Cheap on purpose: hashing cost is measured elsewhere, here it would be most of the run.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ACCOUNT_RATE_LIMITS = False  # those of allauth that are left: by user, and mails of one address
