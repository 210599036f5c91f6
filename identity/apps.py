from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in
        from django.contrib.auth import signals

        import events
        from events import later, readers
        from identity import event_types, receivers, signed_in_at  # noqa: F401
        from identity.account import closing  # noqa: F401
        from identity.attempts import devices
        from identity.oidc import receivers as of_provider  # noqa: F401
        from identity.people import following, persons_called
        from identity.proofs import proving  # noqa: F401
        from identity.security import letters, recent, second_factor  # noqa: F401
        from identity.signing_in import sign_ins  # noqa: F401
        from identity.visits import ending  # noqa: F401
        from identity.visits.whose import persons

        events.register(*event_types.ALL)
        later.register(persons)
        later.register(persons_called, kind=later.USER)
        readers.register(following.reader())
        # Before Django's receiver or after it, in its place.
        signals.user_logged_in.disconnect(dispatch_uid="update_last_login")
        signals.user_logged_in.connect(
            signed_in_at.write_last_login, dispatch_uid="update_last_login"
        )
        user_logged_in.connect(devices.on_sign_in, dispatch_uid="identity.devices")
