"""Reviews of rights, for whoever administers: begin one, keep or revoke each line, the report."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request

from runtime.errors import NotFound, RequestError
from runtime.store import reviews as store
from runtime.store import signed_files
from runtime.store.reviews import KEEP, REVOKE, Review
from runtime.store.trail import EXPORT, Note
from runtime.web import spreadsheets
from runtime.web.people import review_page, reviewing
from runtime.web.people.findings import findings
from runtime.web.people.giving import NotGiven
from runtime.web.people.holding import LastAdministrator
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.routes.accounts import administrator, administrators
from runtime.web.screens.visit import Visit
from runtime.web.trail import trail

ADDRESS = "/reviews/"
RESTORE = "restore"


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Reviews(desk)
    one = f"{ADDRESS}<review_id>"
    screens.add_url_rule(ADDRESS, "reviews", views.every, methods=["GET", "POST"])
    screens.add_url_rule(one, "review", views.one)
    screens.add_url_rule(f"{one}/close", "review_close", views.close, methods=["POST"])
    screens.add_url_rule(f"{one}/report", "review_report", views.report)
    screens.add_url_rule(f"{one}/lines/<line_id>", "review_decide", views.decide, methods=["POST"])


class Reviews:
    """Looking at every right, now and then."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def every(self) -> Answer:
        """Show the reviews, or begin one."""
        visit = administrator(self.desk)
        if request.method == "POST":
            return redirect(ADDRESS + reviewing.begin(trail()), 303)
        found = store.every(visit.runtime.engine, reviewing.tables(visit.runtime))
        found_today = review_page.finding_texts(visit, findings(visit.runtime))
        rows = tuple(review_page.review_row(visit, one) for one in found)
        return render_template("people/reviews.html", page=rows, found=found_today)

    def one(self, review_id: str) -> Answer:
        """Show the lines of a review."""
        visit = administrator(self.desk)
        review = self._review(visit, review_id)
        runtime = visit.runtime
        lines = store.lines_of(runtime.engine, runtime.system.review_line, review.id)
        show = "all" if request.args.get("show") == "all" or review.closed_at else "open"
        text = request.args.get("from", "")
        start = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
        page = review_page.review_page(visit, review, lines, show, start)
        return render_template("people/review.html", page=page)

    def decide(self, review_id: str, line_id: str) -> Answer:
        """Keep a role, or take it back."""
        visit = administrator(self.desk)
        decision = request.form.get("decision", "")
        back = f"{ADDRESS}{self._review(visit, review_id).id}"
        if decision not in (KEEP, REVOKE, RESTORE):
            return redirect(back, 303)
        said = request.form.get("said", "").strip()[:2000]
        try:
            if decision == RESTORE:
                one = reviewing.restore(trail(), line_id[:64])
            else:
                one = reviewing.decide(trail(), line_id[:64], decision, said, administrators(visit))
        except LastAdministrator:
            words = visit.t(
                "Nobody would be left who administers. Give the role to somebody else first."
            )
            flash(words, "warning")
        except NotGiven as refused:
            flash(visit.text(refused.message), "warning")
        except RequestError as refusal:
            if refusal.status == 404:
                raise
            flash(visit.text(refusal.message), "warning")
        else:
            done = {
                KEEP: visit.t("Kept: {name}"),
                REVOKE: visit.t("Revoked: {name}"),
                RESTORE: visit.t("Given back: {name}"),
            }
            flash(done[decision].format(name=one.user_name), "success")
        return redirect(back, 303)

    def close(self, review_id: str) -> Answer:
        """Close a review."""
        visit = administrator(self.desk)
        reviewing.close(trail(), self._review(visit, review_id).id)
        flash(visit.t("The review is closed. Its report stays."), "success")
        return redirect(f"{ADDRESS}{review_id}", 303)

    def report(self, review_id: str) -> Answer:
        """Send a review as a file that bears a signature: `audit verify-report` reads it."""
        visit = administrator(self.desk)
        review = self._review(visit, review_id)
        form = request.args.get("format", "xlsx")
        if form not in signed_files.FORMATS:
            raise NotFound
        runtime = visit.runtime
        lines = store.lines_of(runtime.engine, runtime.system.review_line, review.id)
        trail().alone(Note(EXPORT, reviewing.REVIEW, review.id, after={"lines": len(lines)}))
        heading = review_page.report_heading(visit)
        pieces = spreadsheets.write(form, heading, review_page.report(visit, lines))
        said = {
            "review": review.id,
            "began": review.created_at.isoformat(),
            "by": visit.actor.name,
            "at": runtime.clock().isoformat(timespec="seconds"),
            signed_files.COLUMNS: str(len(heading)),
        }
        content = signed_files.signed(runtime.audit_key, form, b"".join(pieces), said)
        name = f"review-{review.created_at:%Y-%m-%d}.{form}"
        answer = Response(content, mimetype=spreadsheets.MEDIA[form])
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _review(self, visit: Visit, review_id: str) -> Review:
        runtime = visit.runtime
        found = store.find(runtime.engine, reviewing.tables(runtime), review_id[:64])
        if found is None:
            raise NotFound
        return found
