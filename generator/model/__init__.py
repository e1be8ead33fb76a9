"""The resolved, frozen model of all definitions. Nothing here imports a third-party library."""
