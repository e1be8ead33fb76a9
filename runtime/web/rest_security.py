"""The API about oneself: signing in for tokens, who I am, personal access tokens.

POST   /api/v1/security/login        {"username", "password", "refresh"?} → tokens
POST   /api/v1/security/refresh      with a refresh token as bearer → new tokens of both kinds
GET    /api/v1/security/me
GET    /api/v1/security/tokens
POST   /api/v1/security/tokens       {"name", "scopes"?, "days"?} → the token, shown once
DELETE /api/v1/security/tokens/ID
GET    /api/v1/security/approvals    what waits for the caller, and what they asked for
POST   /api/v1/security/approvals/ID {"decision": "approve" | "reject" | "withdraw", "said"?}
GET    /api/v1/security/emergencies  roles one can take in an emergency, and the uses one knows of
POST   /api/v1/security/emergencies  {"role", "reason"} takes one, for minutes
POST   /api/v1/security/emergencies/ID  {"decision": "end"|"review", "said"?}
GET    /api/v1/security/roles        roles one can ask for, what one asked for, what waits for one
POST   /api/v1/security/roles        {"role", "part"?, "reason", "until"} asks for a role
POST   /api/v1/security/roles/ID     {"decision": "grant"|"reject"|"withdraw"|"revoke", "said"?}
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

import orjson
from flask import current_app, request

from generator.model.text import Label
from generator.shapes.access import ACTIONS, TRANSITION
from runtime import approvals
from runtime.errors import BadRequest, FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from runtime.messages import Actor
from runtime.pipeline import nothing_here
from runtime.store import sessions, tokens
from runtime.store.trail import SIGN_IN, TOKEN, Note
from runtime.web import rest_emergencies, rest_roles
from runtime.web.bodies import only_text, read_json
from runtime.web.context import Web, web
from runtime.web.identity import refused
from runtime.web.principals import Principal
from runtime.web.rest_answers import shown_approval
from runtime.web.rest_routes import sign_in_first, wrong_method
from runtime.web.security_manager import prove, prove_code, signed_in
from runtime.web.trail import trail
from runtime.web.wire import Answer, Asked

SCOPE = re.compile(r"([a-z_]+|\*):([a-z][a-z0-9_]*|\*)\Z")
LONGEST_LIFE = 366
"""Days; a token that never ends is not made."""
DEFAULT_LIFE = 90
SCOPED = (*ACTIONS, TRANSITION)
"""What a scope may name; `transition` is every one of an entity."""


def answer(asked: Asked) -> Answer:
    """Answer a request below `/api/v1/security/`."""
    parts = asked.path.split("/")[1:]
    here = web()
    if parts == ["login"]:
        _only(asked, "POST")
        return _login(asked, here)
    if parts == ["refresh"]:
        _only(asked, "POST")
        return _refresh(asked, here)
    if asked.actor is None:
        raise sign_in_first()
    if parts == ["me"]:
        _only(asked, "GET")
        return _me(asked.actor, here)
    decided = {
        "approvals": _approvals,
        "emergencies": rest_emergencies.answer,
        "roles": rest_roles.answer,
    }.get(parts[0])
    if decided is not None and len(parts) < 3:
        return decided(asked, here, asked.actor, parts[1] if len(parts) == 2 else "")
    if parts == ["tokens"]:
        _only(asked, "GET", "POST")
        if asked.method == "POST":
            return _create(asked, here, asked.actor)
        return _list(here, asked.actor)
    if len(parts) == 2 and parts[0] == "tokens":
        _only(asked, "DELETE")
        revoke_token(here, asked.actor, parts[1])
        return Answer(204)
    raise nothing_here()


def _only(asked: Asked, *methods: str) -> None:
    wanted = "GET" if asked.method == "HEAD" else asked.method
    if wanted not in methods:
        raise wrong_method(dict.fromkeys(methods, ""))


def _login(asked: Asked, here: Web) -> Answer:
    body = _body(asked, {"username", "password", "code", "refresh", "provider"})
    name, password = _text(body, "username"), _text(body, "password")
    manager = current_app.appbuilder.sm  # type: ignore[attr-defined]
    user = prove(name, password, asked.address, manager.by_password)
    if user is None:
        raise Unauthenticated(
            Label({"en": "User name or password is wrong.", "zh": "用户名或密码错误。"})
        )
    found = here.gate.principals.current(int(user.id))
    if found is None:
        raise refused()
    second = _second_factor(here, found.actor, body)
    kinds = ("access", "refresh") if body.get("refresh") is True else ("access",)
    session_id = secrets.token_hex(12)
    sessions.begin(
        here.runtime.engine,
        here.runtime.system.setting,
        found.actor.id,
        session_id,
        request.headers.get("User-Agent", ""),
        asked.address,
        here.runtime.clock(),
    )
    signed_in(found.actor.id, SIGN_IN, source="rest")
    return _issue(here, found, kinds, session_id, second)


def _second_factor(here: Web, actor: Actor, body: dict[str, Any]) -> bool:
    """Return whether a second factor was given, where one is asked for.

    Raises:
        Unauthenticated: the code is missing or does not count.
        Forbidden: the roles demand a second factor and none was set up.

    """
    factors = here.gate.second_factors
    if not factors.is_on(actor.id):
        if factors.is_demanded(actor.roles):
            said = Label(
                {
                    "en": "Your role demands a second factor. Sign in on screen to set one up.",
                    "zh": "您的角色要求两步验证，请先在网页端登录并完成设置。",
                }
            )
            raise Forbidden(said, (FieldError("code", "second_factor_missing", said),))
        return False
    if not body.get("code"):
        said = Label(
            {"en": "Send the code of your authenticator app.", "zh": "请提交身份验证器中的验证码。"}
        )
        raise Unauthenticated(said, (FieldError("code", "second_factor_required", said),))
    if not prove_code(actor, _text(body, "code"), "rest"):
        said = Label({"en": "This code does not count.", "zh": "验证码无效。"})
        raise Unauthenticated(said, (FieldError("code", "second_factor_wrong", said),))
    return True


def _refresh(asked: Asked, here: Web) -> Answer:
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    claims = here.gate.jwt.read(credential.strip(), "refresh") if scheme == "Bearer" else None
    if claims is None:
        raise refused()
    user_id, session_id = claims.user_id, claims.session_id
    found = here.gate.by_claims(claims)
    runtime = here.runtime
    if found is None or not sessions.use_once(
        runtime.engine,
        runtime.system.setting,
        user_id,
        claims.identifier,
        session_id,
        runtime.clock(),
    ):
        raise refused()
    return _issue(here, found, ("access", "refresh"), session_id, claims.second, claims.proved)


def _issue(
    here: Web,
    found: Principal,
    kinds: tuple[str, ...],
    session_id: str,
    second: bool,
    proved: float | None = None,
) -> Answer:
    issue = here.gate.jwt.issue
    mine = (found.actor.id, found.fingerprint)
    issued = {
        f"{kind}_token": issue(*mine, kind, session_id, second=second, proved=proved)
        for kind in kinds
    }
    return _uncached(Answer(200, orjson.dumps(issued)))


def _me(actor: Actor, here: Web) -> Answer:
    body = {
        "data": {
            "id": actor.id,
            "name": actor.name,
            "email": actor.email,
            "kind": actor.kind,
            "roles": sorted(actor.roles & here.runtime.app.roles.keys()),
            "scopes": None if actor.scopes is None else sorted(actor.scopes),
            "locale": actor.locale,
            "time_zone": actor.time_zone,
        }
    }
    return Answer(200, orjson.dumps(body))


def _approvals(asked: Asked, here: Web, actor: Actor, approval_id: str) -> Answer:
    runtime = here.runtime
    if not approval_id:
        _only(asked, "GET")
        told = {
            "data": [shown_approval(one) for one in approvals.waiting_for(runtime, actor)],
            "asked": [shown_approval(one) for one in approvals.asked_by(runtime, actor)],
        }
        return Answer(200, orjson.dumps(told, option=_OPTIONS))
    _only(asked, "POST")
    body = _body(asked, {"decision", "said"})
    decision = _text(body, "decision")
    if decision not in ("approve", "reject", "withdraw"):
        known = "approve, reject, withdraw"
        raise _wrong("decision", f"Write one of: {known}.", f"可用的值：{known}。")
    said = body.get("said", "")
    if not isinstance(said, str):
        raise _wrong("said", "Write a text.", "请填写文本。")

    def person(user_id: int) -> Actor | None:
        found = here.gate.principals.current(user_id)
        return None if found is None else found.actor

    noted = trail(actor, "rest")
    done = approvals.decide(runtime, noted, approval_id[:64], decision, said, person)
    return Answer(200, orjson.dumps({"data": shown_approval(done)}, option=_OPTIONS))


def _list(here: Web, actor: Actor) -> Answer:
    runtime = here.runtime
    found = tokens.of_user(runtime.engine, runtime.system.token, actor.id)
    return Answer(200, orjson.dumps({"data": [_shown(each) for each in found]}, option=_OPTIONS))


_OPTIONS = orjson.OPT_UTC_Z


def _shown(token: tokens.Token) -> dict[str, Any]:
    return {name: getattr(token, name) for name in tokens.Token.__dataclass_fields__}


def _create(asked: Asked, here: Web, actor: Actor) -> Answer:
    data = make_token(here, actor, _body(asked, {"name", "scopes", "days"}))
    return _uncached(Answer(201, orjson.dumps({"data": data}, option=_OPTIONS)))


def make_token(
    here: Web, actor: Actor, body: dict[str, Any], owner: int | None = None
) -> dict[str, Any]:
    """Make a token from name, scopes and days, and return it as it is shown this once.

    `owner` is the account it speaks for where that is not the caller's own: a program's.

    Raises:
        Forbidden: the caller is a token itself.
        Invalid: the name, the scopes or the days are not right.

    """
    if actor.kind == "token":
        raise Forbidden(
            Label({"en": "A token cannot make tokens.", "zh": "不能用访问令牌创建令牌。"})
        )
    name = _text(body, "name")
    only_text(name, "name")
    if not 1 <= len(name) <= 100:
        raise _wrong("name", "Write 1 to 100 characters.", "请输入 1 到 100 个字符。")
    days = body.get("days", DEFAULT_LIFE)
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST_LIFE:
        raise _wrong("days", f"Write 1 to {LONGEST_LIFE}.", f"请填写 1 到 {LONGEST_LIFE}。")
    scopes = read_scopes(body.get("scopes"))
    runtime = here.runtime
    now, identifier = runtime.clock(), runtime.make_id()
    expires = now + timedelta(days=days)
    made = tokens.create(
        runtime.engine,
        runtime.system.token,
        here.gate.principals.token_key,
        identifier=identifier,
        user_id=actor.id if owner is None else owner,
        name=name,
        scopes=scopes,
        now=now,
        expires_at=expires,
    )
    if made is None:
        raise _wrong("", "Revoke a token first: you have 50.", "令牌已达 50 个，请先撤销不用的。")
    told = {
        "owner": actor.id if owner is None else owner,
        "scopes": scopes,
        "expires_at": expires.isoformat(),
    }
    trail(actor).alone(Note("token_created", TOKEN, identifier, name, after=told))
    return {
        "id": identifier,
        "name": name,
        "token": made,
        "scopes": scopes,
        "expires_at": expires,
    }


def read_scopes(value: Any) -> tuple[str, ...] | None:
    """Return scopes such as `read:order`; None for a token that may do what its owner may.

    Raises:
        Invalid: one of them means nothing.

    """
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= 200:
        raise _wrong("scopes", "Write a list of scopes.", "请填写权限范围列表。")
    entities = web().runtime.app.entities
    for number, scope in enumerate(value):
        written = SCOPE.match(scope) if isinstance(scope, str) else None
        if (
            written is None
            or written[1] not in (*SCOPED, "*")
            or (written[2] != "*" and written[2] not in entities)
        ):
            raise _wrong(
                f"scopes.{number}",
                "Write a scope as action:entity, such as list:order. Actions: "
                f"{', '.join(SCOPED)}.",
                f"权限范围的格式为 action:entity，例如 list:order。操作：{'、'.join(SCOPED)}。",
            )
    return tuple(value)


def revoke_token(here: Web, actor: Actor, identifier: str, owner: int | None = None) -> None:
    """End one of the caller's own tokens, or of the program `owner`.

    Raises:
        NotFound: they have none of this id.

    """
    runtime = here.runtime
    done = tokens.revoke(
        runtime.engine,
        runtime.system.token,
        actor.id if owner is None else owner,
        identifier,
        runtime.clock(),
    )
    if done:
        trail(actor).alone(Note("token_revoked", TOKEN, identifier))
    else:
        raise NotFound(Label({"en": "There is no such token.", "zh": "没有这个令牌。"}))


def _body(asked: Asked, known: set[str]) -> dict[str, Any]:
    body = read_json(asked.body())
    if not isinstance(body, dict):
        raise BadRequest(Label({"en": "Send an object.", "zh": "请提交一个对象。"}))
    for key in body:
        if key not in known:
            raise _wrong(key, "There is no such field here.", "没有这个字段。", "unknown_field")
    return body


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(key, "This is required.", "必填。", "required")
    return value


def _wrong(field: str, en: str, zh: str, code: str = "invalid") -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, code, message),))


def _uncached(answer: Answer) -> Answer:
    answer.headers["Cache-Control"] = "no-store"
    return answer
