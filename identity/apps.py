from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in

        import events
        from identity import devices, event_types
        from identity.oidc import receivers  # noqa: F401

        events.register(*event_types.ALL)
        user_logged_in.connect(devices.on_sign_in, dispatch_uid="identity.devices")
