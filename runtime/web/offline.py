"""The page that stands in for any other while there is no connection, and the script that keeps it.

A service worker does this one thing: when a page cannot be fetched at all, it answers with a page
it keeps. It never keeps or changes anything else, so nobody ever sees old data for new.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template

offline = Blueprint("offline", __name__)
MAY = "default-src 'self'"
"""What the worker may fetch: its own content policy, not that of the pages."""


@offline.get("/offline.js")
def script() -> Response:
    """Send the service worker; it names its assets, so a release replaces it."""
    answer = Response(render_template("offline.js"), mimetype="text/javascript")
    answer.headers["Content-Security-Policy"] = MAY
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@offline.get("/offline")
def page() -> str:
    """Show the page, in every language at once: the worker keeps one for everybody."""
    return render_template("errors/offline.html")
