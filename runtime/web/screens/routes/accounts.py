"""Accounts and roles, for whoever administers: the list, one account, its sessions and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session

from rules.administering import PEOPLE, roles_with
from runtime.errors import Forbidden, NotFound
from runtime.store import sessions
from runtime.store.trail import Note
from runtime.web import token_page
from runtime.web.context import present, web
from runtime.web.names import full_name
from runtime.web.people import account_changes, accounts, pages
from runtime.web.people.account_changes import Taken, Values
from runtime.web.people.accounts import Account
from runtime.web.people.forms import read_person
from runtime.web.people.giving import NotGiven, above
from runtime.web.people.groups import list_groups
from runtime.web.people.holding import LastAdministrator, role_counts
from runtime.web.people.welcome import make_link
from runtime.web.rest_security import revoke_token
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.visit import Visit
from runtime.web.trail import trail
from runtime.web.users import administers
from runtime.web.view_as import AS, END, may_look

BOTH = ["GET", "POST"]


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = People(desk)
    one = "/users/<int:user_id>"
    screens.add_url_rule("/users/", "accounts", views.people)
    screens.add_url_rule("/users/new", "person_new", views.new, methods=BOTH)
    screens.add_url_rule(one, "person", views.person, methods=BOTH)
    screens.add_url_rule(f"{one}/active", "person_active", views.active, methods=["POST"])
    screens.add_url_rule(f"{one}/link", "person_link", views.link, methods=["POST"])
    screens.add_url_rule(f"{one}/view-as", "view_as", views.view_as, methods=["POST"])
    screens.add_url_rule(END, "view_as_end", views.end_view, methods=["POST"])
    screens.add_url_rule(f"{one}/tokens", "person_token", views.token, methods=["POST"])
    screens.add_url_rule(
        f"{one}/tokens/<identifier>/revoke", "person_revoke", views.revoke, methods=["POST"]
    )
    screens.add_url_rule(
        f"{one}/second-factor/reset", "second_factor_reset", views.reset, methods=["POST"]
    )
    screens.add_url_rule(f"{one}/sign-out", "person_sign_out", views.sign_out, methods=["POST"])
    screens.add_url_rule("/roles/", "roles", views.roles)
    screens.add_url_rule("/roles/<name>", "role", views.role)


def administrators(visit: Visit) -> tuple[str, ...]:
    """Return the roles that administer people."""
    return roles_with(visit.runtime.matrix, PEOPLE)


def administrator(desk: Desk, duty: str = PEOPLE) -> Visit:
    """Return who asks, if they administer people, or what else is named.

    Raises:
        Forbidden: they do not, or a program asks for them.

    """
    visit = desk.visit()
    if visit.actor.kind != "user" or not administers(visit.runtime, visit.actor.lasting, duty):
        raise Forbidden
    return visit


class People:
    """Everything about accounts."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def people(self) -> Answer:
        """Show the accounts that fit."""
        visit = administrator(self.desk)
        query = request.args.get("q", "").replace("\x00", "").strip()[:200]
        status, role = request.args.get("status", ""), request.args.get("role", "")
        start = request.args.get("from", "")
        offset = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 0
        runtime = visit.runtime
        found = accounts.find_accounts(
            runtime.engine,
            runtime.system.setting,
            text=query,
            active={"active": True, "inactive": False}.get(status),
            role=role if role in visit.app.roles else "",
            offset=offset,
        )
        page = pages.people_page(visit, found, query, status, role, offset)
        return render_template("people/list.html", page=page)

    def new(self) -> Answer:
        """Show an empty form, or make an account and a link to choose a password with."""
        visit = administrator(self.desk)
        if request.method == "GET":
            return render_template("people/person.html", page=self._new_page(visit, {}, (), ()))
        sent = read_person(visit, request.form, None)
        errors = dict(sent.errors)
        if not errors:
            try:
                made = account_changes.create_account(trail(), sent.values)
            except Taken as fault:
                errors[fault.field] = _taken(visit, fault.field)
            except NotGiven as refusal:
                errors["roles"] = visit.text(refusal.message)
            else:
                return self._shown(visit, made, link=not sent.values.service)
        values = sent.values
        page = self._new_page(visit, sent.texts, values.roles, values.groups, errors)
        return render_template("people/person.html", page=page), 422

    def person(self, user_id: int) -> Answer:
        """Show one account, or change it."""
        visit = administrator(self.desk)
        account = self._account(visit, user_id)
        if request.method == "GET":
            return self._shown(visit, user_id)
        sent = read_person(visit, request.form, account)
        errors = dict(sent.errors)
        if not errors:
            try:
                account_changes.change_account(trail(), user_id, sent.values, administrators(visit))
            except Taken as fault:
                errors[fault.field] = _taken(visit, fault.field)
            except LastAdministrator:
                errors["roles"] = _last(visit)
            except NotGiven as refusal:
                errors["roles"] = visit.text(refusal.message)
            else:
                flash(visit.t("Saved."), "success")
                return redirect(f"/users/{user_id}", 303)
        page = self._page(visit, account, sent.texts, sent.values, errors)
        return render_template("people/person.html", page=page), 422

    def active(self, user_id: int) -> Answer:
        """Let somebody in again, or not any more."""
        visit = administrator(self.desk)
        account = self._account(visit, user_id)
        wanted = request.form.get("active") == "1"
        if user_id == visit.actor.id and not wanted:
            flash(visit.t("Nobody deactivates themselves. Ask another administrator."), "warning")
            return redirect(f"/users/{user_id}", 303)
        try:
            account_changes.set_active(trail(), user_id, wanted, administrators(visit))
        except LastAdministrator:
            flash(_last(visit), "warning")
            return redirect(f"/users/{user_id}", 303)
        name = full_name(account.first_name, account.last_name, account.username)
        words = (
            visit.t("{name} may sign in again.", name=name)
            if wanted
            else visit.t("{name} is deactivated and signed out everywhere.", name=name)
        )
        flash(words, "success")
        return redirect(f"/users/{user_id}", 303)

    def link(self, user_id: int) -> Answer:
        """Show, this once, a link with which somebody chooses a new password."""
        visit = administrator(self.desk)
        account = self._account(visit, user_id)
        if account.service:
            flash(visit.t("A program has no password; give it a token."), "warning")
            return redirect(f"/users/{user_id}", 303)
        note = Note("password_link_made", record_id=str(user_id), title=account.username)
        trail().alone(note)
        return self._shown(visit, user_id, link=True)

    def view_as(self, user_id: int) -> Answer:
        """Look with somebody else's eyes from the next page on."""
        visit = administrator(self.desk)
        account = self._account(visit, user_id)
        found = web().gate.principals.current(user_id)
        if found is None or not may_look(visit.runtime, visit.actor, found.actor):
            words = visit.t("They see something that you do not see, or cannot sign in.")
            flash(words, "warning")
            return redirect(f"/users/{user_id}", 303)
        session[AS] = user_id
        note = Note("view_as_began", record_id=str(user_id), title=account.username)
        trail().alone(note)
        return redirect("/", 303)

    def end_view(self) -> Answer:
        """Look with one's own eyes again."""
        visit = self.desk.visit()
        user_id = session.pop(AS, None)
        if user_id is not None:
            note = Note("view_as_ended", record_id=str(user_id), title=visit.actor.name)
            trail().alone(note)
        return redirect("/users/", 303)

    def token(self, user_id: int) -> Answer:
        """Make a token for the account of a program and show it once."""
        visit = administrator(self.desk)
        account = self._account(visit, user_id)
        if not account.service:
            raise NotFound
        tokens, status = token_page.made_of_form(visit.actor, user_id)
        page = self._page_of(visit, account, tokens=tokens)
        return render_template("people/person.html", page=page), status

    def revoke(self, user_id: int, identifier: str) -> Answer:
        """End a token of a program."""
        visit = administrator(self.desk)
        if not self._account(visit, user_id).service:
            raise NotFound
        revoke_token(web(), visit.actor, identifier, user_id)
        flash(visit.t("The token no longer works."), "success")
        return redirect(f"/users/{user_id}", 303)

    def reset(self, user_id: int) -> Answer:
        """Take the second factor away from somebody else who lost their device."""
        visit = administrator(self.desk)
        account = self._account(visit, user_id)
        if user_id == visit.actor.id:
            flash(visit.t("Turn your own off on your own page."), "warning")
            return redirect("/me/second-factor", 303)
        web().gate.second_factors.reset(trail(), user_id, account.username)
        flash(visit.t("The second factor is off, and every session has ended."), "success")
        return redirect(f"/users/{user_id}", 303)

    def sign_out(self, user_id: int) -> Answer:
        """End one session of somebody, or all of them."""
        visit = administrator(self.desk)
        account = self._account(visit, user_id)
        runtime = visit.runtime
        setting, now = runtime.system.setting, runtime.clock()
        session_id = request.form.get("session", "")
        if session_id:
            sessions.end(runtime.engine, setting, user_id, session_id[:100], now)
            flash(visit.t("That session has ended."), "success")
        else:
            sessions.end_all(runtime.engine, setting, user_id, now)
            flash(visit.t("Signed out everywhere."), "success")
        operation = "session_ended" if session_id else "signed_out_everywhere"
        trail().alone(Note(operation, record_id=str(user_id), title=account.username))
        return redirect(f"/users/{user_id}", 303)

    def roles(self) -> Answer:
        """Show every role with how many people hold it."""
        visit = administrator(self.desk)
        counts = role_counts(visit.runtime.engine)
        lines = tuple(
            pages.RoleLine(
                visit.text(role.label),
                visit.text(role.help) if role.help else "",
                counts.get(role.name, 0),
                f"/roles/{role.name}",
            )
            for role in visit.app.roles.values()
        )
        return render_template("people/roles.html", page=lines)

    def role(self, name: str) -> Answer:
        """Show what a role may do."""
        visit = administrator(self.desk)
        role = visit.app.roles.get(name)
        if role is None:
            raise NotFound
        return render_template("people/role.html", page=pages.role_page(visit, role))

    def _account(self, visit: Visit, user_id: int) -> Account:
        """Return an account; one that does everything is changed by nobody who does less.

        Raises:
            NotFound: there is none.
            Forbidden: something about it is to change, and it does more than who asks.

        """
        runtime = visit.runtime
        found = accounts.load_account(runtime.engine, user_id)
        if found is None:
            raise NotFound
        if request.method != "GET" and user_id != visit.actor.id:
            groups = {one.id: one for one in list_groups(runtime.engine)} if found.groups else {}
            theirs = {role for number in found.groups for role in groups[number].roles}
            if above(runtime, visit.actor, frozenset({*found.roles, *theirs})):
                raise Forbidden
        return found

    def _shown(self, visit: Visit, user_id: int, *, link: bool = False) -> Answer:
        account = self._account(visit, user_id)
        path = ""
        if link:
            principal = web().gate.principals.current(user_id)
            if principal is None:
                flash(visit.t("Activate the account first."), "warning")
            else:
                path = request.url_root.rstrip("/") + make_link(user_id, principal.fingerprint)
        page = self._page_of(visit, account, path)
        return render_template("people/person.html", page=page)

    def _page_of(
        self,
        visit: Visit,
        account: Account,
        path: str = "",
        tokens: token_page.Page | None = None,
    ) -> pages.PersonPage:
        """Return the page of an account as it is stored."""
        values = Values(
            account.username,
            account.first_name,
            account.last_name,
            account.email,
            account.roles,
            account.groups,
        )
        page = self._page(visit, account, _texts(values), values, {}, path)
        if tokens is None and account.service:
            tokens = token_page.Page(token_page.token_rows(visit.actor, account.id))
        return replace(page, tokens=tokens)

    def _new_page(
        self,
        visit: Visit,
        texts: Mapping[str, str],
        roles: tuple[str, ...],
        groups: tuple[int, ...],
        errors: Mapping[str, str] | None = None,
    ) -> pages.PersonPage:
        every = list_groups(visit.runtime.engine)
        return pages.PersonPage(
            id=None,
            title=visit.t("Invite somebody"),
            action="/users/new",
            values=texts,
            roles=pages.role_cards(visit, roles),
            groups=pages.group_cards(visit, every, groups),
            errors=errors or {},
        )

    def _page(
        self,
        visit: Visit,
        account: Account,
        texts: Mapping[str, str],
        values: Values,
        errors: Mapping[str, str],
        link: str = "",
    ) -> pages.PersonPage:
        runtime = visit.runtime
        every = list_groups(runtime.engine)
        mine = [one for one in every if one.id in values.groups]
        by_group = {role for one in mine for role in one.roles}
        found = sessions.of_user(runtime.engine, runtime.system.setting, account.id)
        oneself = account.id == visit.actor.id
        return pages.PersonPage(
            id=account.id,
            title=full_name(account.first_name, account.last_name, account.username),
            action=f"/users/{account.id}",
            values=texts,
            roles=pages.role_cards(visit, values.roles, by_group),
            groups=pages.group_cards(visit, every, values.groups),
            active=account.active,
            oneself=oneself,
            service=account.service,
            invited=account.invited,
            last_login=pages.when(visit, account.last_login),
            sessions=pages.session_lines(visit, found, present().session_id if oneself else ""),
            errors=errors,
            link=link,
            second_factor=web().gate.second_factors.is_on(account.id),
        )


def _texts(values: Values) -> dict[str, Any]:
    names = ("username", "first_name", "last_name", "email")
    return {name: getattr(values, name) for name in names}


def _taken(visit: Visit, field: str) -> str:
    if field == "email":
        return visit.t("Another account has this e-mail.")
    return visit.t("Another account has this user name.")


def _last(visit: Visit) -> str:
    return visit.t("Nobody would be left who administers. Give the role to somebody else first.")
