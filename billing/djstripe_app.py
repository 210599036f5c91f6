"""In INSTALLED_APPS in the place of "djstripe": its models, without what only some processes need."""

from djstripe.apps import DjstripeAppConfig

from billing.late_resources import classes_come_late


class LateResourcesConfig(DjstripeAppConfig):
    """dj-stripe, whose models name classes of the SDK that come when they are used."""

    default = False

    def import_models(self) -> None:
        with classes_come_late():
            super().import_models()
