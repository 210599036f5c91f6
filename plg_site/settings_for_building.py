"""For `collectstatic` alone, while an image is built: no secret, no address, nothing that is there.

    DJANGO_SETTINGS_MODULE=plg_site.settings_for_building python manage.py collectstatic --noinput

Nothing can be served with these: there is no database.
"""

import secrets

from plg_site.configuration import env

env.let_all_be_missing()

from plg_site.settings import *  # noqa: E402, F403

SECRET_KEY = secrets.token_urlsafe(48)  # Django wants one; another each time, and nobody sees it
DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
