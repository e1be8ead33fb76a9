"""One web process: settings in, the WSGI application out, with or without a watch on definitions.

The application is a `Switch`, so a changed back office can take the place of the one that serves.
Without watching, the definitions in the folder are the ones served, and `/readyz` says no until
they are applied.
"""

from __future__ import annotations

import gc
from pathlib import Path

from generator.compile import Compiled, compile_definitions
from runtime.commands.context import mail_of, make_runtime, outside_of
from runtime.settings import Settings
from runtime.store.engine import make_engine
from runtime.web.factory import create_app
from runtime.web.faults import Board, show_faults
from runtime.web.settings import WebSettings
from runtime.web.switch import Office, Switch

_kept: dict[Path, Compiled] = {}
"""What the parent of the web processes compiled before it forked them."""

SELDOM = 20_000
"""So many more objects made than given up let the collector of cycles look; Python's own is 700."""

HERE = ("127.0.0.1", "::1", "localhost")


def web_process(settings: Settings) -> Switch:
    """Return the application that one process of a WSGI server calls.

    Raises:
        DefinitionError: the definitions have faults and nothing earlier can be served.
        UnsafeSettings: production was asked for with settings that are not safe.

    """
    board = Board()

    def open_office(compiled: Compiled) -> Office:
        engine = make_engine(settings.database_url, settings.web_threads + 2)
        runtime = make_runtime(
            compiled,
            engine,
            settings.secret_key,
            outside_of(settings),
            mail=mail_of(settings),
            audit_keep=settings.audit_keep,
        )
        app = create_app(runtime, web_settings(settings))
        show_faults(app, board, to_everybody=not settings.production)
        return Office(compiled.app.digest, app, engine)

    if not settings.watch:
        switch = Switch(open_office(_definitions(settings)), board)
        _leave_in_peace()
        return switch
    from runtime.web.watcher import Watcher  # noqa: PLC0415 (it brings Alembic along)

    watcher = Watcher(settings.definitions, settings.production, board, open_office)
    first = watcher.first(make_engine(settings.database_url))
    switch = Switch(open_office(first), board)
    watcher.start(switch)
    return switch


def keep(folder: Path, compiled: Compiled) -> None:
    """Let the web processes forked from this one serve what it compiled, without doing it again."""
    _kept[folder] = compiled


def _leave_in_peace() -> None:
    """Keep the collector of cycles from walking over what is here for good, for every few requests.

    The definitions and what is made of them are hundreds of thousands of objects, none of which is
    ever given up. A request leaves hardly a cycle behind, so looking for some more seldom costs
    little memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM, 20, 50)


def _definitions(settings: Settings) -> Compiled:
    return _kept.get(settings.definitions) or compile_definitions(settings.definitions)


def web_settings(settings: Settings) -> WebSettings:
    """Return what the web layer is told; attempts are counted in Redis when there is one."""
    return WebSettings(
        secret_key=settings.secret_key,
        production=settings.production,
        https=settings.https,
        # the supervisor and a probe on this machine ask by address
        hosts=(*settings.trusted_hosts, *HERE) if settings.trusted_hosts else (),
        proxies=settings.proxies,
        country_header=settings.country_header,
        files=settings.data / "files",
        templates=settings.definitions / "templates",
        limiter_storage=_limiter_storage(settings.redis_url),
        start_token=settings.start_token,
        sign_in_url=settings.sign_in_url,
        sign_in_client=settings.sign_in_client,
        sign_in_secret=settings.sign_in_secret,
        sign_in_base=settings.sign_in_base,
        sign_in_name=settings.sign_in_name,
        sign_in_filter=settings.sign_in_filter,
        sign_in_ca=settings.sign_in_ca,
        metrics_directory=settings.metrics_directory,
        metrics_token=settings.metrics_token,
    )


def _limiter_storage(redis_url: str) -> str:
    if not redis_url:
        return "memory://"
    # the limiter's word for a Redis behind a socket file
    return "redis+" + redis_url if redis_url.startswith("unix://") else redis_url
