"""What was typed about an account → values, and a sentence for each field that is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from werkzeug.datastructures import MultiDict

from runtime.web.people.account_changes import Values
from runtime.web.people.accounts import Account
from runtime.web.screens.visit import Visit

USERNAME = re.compile(r"[^\s\x00-\x1f/\\]{2,64}")
LONGEST = {"first_name": 64, "last_name": 64, "email": 254}


@dataclass(frozen=True, slots=True)
class Sent:
    """The form of an account."""

    texts: Mapping[str, str]
    values: Values
    errors: Mapping[str, str]


def read_person(visit: Visit, form: MultiDict[str, str], account: Account | None) -> Sent:
    """Return what was sent; of an account that is there the user name is not read."""
    t = visit.t
    texts = {
        name: form.get(name, "").replace("\x00", "").strip()
        for name in ("username", "first_name", "last_name", "email")
    }
    if account is not None:
        texts["username"] = account.username
    errors: dict[str, str] = {}
    if account is None and not USERNAME.fullmatch(texts["username"]):
        errors["username"] = t("Write 2 to 64 characters without spaces.")
    for name, most in LONGEST.items():
        if len(texts[name]) > most:
            errors[name] = t("At most {n} characters.", n=most)
    if not texts["first_name"] and not texts["last_name"]:
        errors["first_name"] = t("Write a name.")
    if not _is_email(texts["email"]):
        errors["email"] = t("Write an address such as ann@example.com.")
    held = account.roles if account is not None else ()
    unknown = tuple(name for name in held if name not in visit.app.roles)
    roles = tuple(name for name in form.getlist("roles") if name in visit.app.roles)
    groups = tuple(int(text) for text in form.getlist("groups") if _is_number(text))
    values = Values(
        texts["username"],
        texts["first_name"],
        texts["last_name"],
        texts["email"],
        (*roles, *unknown),
        groups,
        service=account is None and form.get("service") == "1",
    )
    return Sent(texts, values, errors)


def _is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
