from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"

    def ready(self) -> None:
        import events
        from identity import event_types
        from identity.account import closing  # noqa: F401
        from identity.oidc import receivers  # noqa: F401
        from identity.security import letters, recent, second_factor, sign_ins  # noqa: F401

        events.register(*event_types.ALL)
