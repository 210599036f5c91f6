"""For mypy alone: the settings with every product of the tree installed, whichever is in use."""

from plg_site.configuration import site_file
from plg_site.settings import *  # noqa: F403
from plg_site.settings import PRODUCT_APP, SHARED_APPS

INSTALLED_APPS = list(
    dict.fromkeys([*SHARED_APPS, PRODUCT_APP, site_file.SAMPLE, *site_file.own_products()])
)
