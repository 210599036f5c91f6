from django.apps import AppConfig


class DomainsConfig(AppConfig):
    name = "tenants.domains"
    label = "tenant_domains"

    def ready(self) -> None:
        from tenants.domains import receivers  # noqa: F401
