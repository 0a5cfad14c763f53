"""Img23D: textured objects from a photo. The wiring is in `registration`."""


def register() -> None:
    from . import registration

    registration.register()


def unregister() -> None:
    from . import registration

    registration.unregister()
