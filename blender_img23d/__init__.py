"""Img23D: textured objects from a photo. The wiring is in `registration`."""


def register() -> None:
    import gc

    was_enabled = gc.isenabled()
    gc.disable()  # nothing of modules that are being read is garbage, and looking through all of Blender's costs a fifth of the time
    try:
        from . import registration

        registration.register()
    finally:
        if was_enabled:
            gc.enable()


def unregister() -> None:
    from . import registration

    registration.unregister()
