"""Wagtail's administration of sites, which keeps the default one (`default_site`).

In INSTALLED_APPS `cms.wagtail_sites.KeptSitesConfig` stands in the place of "wagtail.sites". Wagtail
names the view set in its own hook and asks for no other, so it is set before that hook is asked.
"""

from wagtail.sites.apps import WagtailSitesAppConfig


class KeptSitesConfig(WagtailSitesAppConfig):
    def ready(self) -> None:
        super().ready()
        from wagtail.sites import wagtail_hooks

        from cms.editing.default_site import SiteViewSet

        wagtail_hooks.SiteViewSet = SiteViewSet
