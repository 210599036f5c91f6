from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"

    def ready(self) -> None:
        import events
        from identity import event_types, signed_in_at  # noqa: F401
        from identity.oidc import receivers  # noqa: F401

        events.register(*event_types.ALL)
