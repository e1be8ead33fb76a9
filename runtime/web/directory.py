"""Sign-in on a directory server (LDAP, Active Directory): settings in, FAB's configuration out.

Flask-AppBuilder speaks to the server through python-ldap, which is C and therefore an extra of the
package: whoever names a directory without it is told before anything serves. The connection is
always encrypted: `ldaps://` from its first byte, `ldap://` by StartTLS, refused when the server
cannot. A server that does not answer is told as that and not as a wrong password.
"""

from __future__ import annotations

import importlib.util
import logging
from typing import Any

from flask_appbuilder.const import AUTH_LDAP

from generator.model.text import Label
from runtime.errors import Busy
from runtime.settings import is_directory
from runtime.web.settings import UnsafeSettings, WebSettings

LIBRARY = "ldap"
SECONDS = 10
"""So long a directory may take; a person waits meanwhile, and a thread of the server with them."""

NO_LIBRARY = Label(
    {
        "en": "SHOPWRIGHT_SIGN_IN_URL names a directory, but python-ldap is not installed. "
        "`pip install 'shopwright[ldap]'` builds it; on Debian it needs "
        "`apt-get install gcc python3-dev libldap-dev libsasl2-dev` first.",
        "zh": "SHOPWRIGHT_SIGN_IN_URL 指向目录服务器，但未安装 python-ldap。"
        "请执行 `pip install 'shopwright[ldap]'`；Debian 上需先执行 "
        "`apt-get install gcc python3-dev libldap-dev libsasl2-dev`。",
    }
)
NO_ANSWER = Label(
    {
        "en": "The directory that knows the passwords does not answer. Try again in a minute.",
        "zh": "保存密码的目录服务器没有响应，请稍后再试。",
    }
)

log = logging.getLogger(__name__)


def lacks_library(url: str) -> bool:
    """Return whether a directory is named and nothing here can speak to it."""
    return is_directory(url) and importlib.util.find_spec(LIBRARY) is None


def directory_config(settings: WebSettings) -> dict[str, Any]:
    """Return Flask-AppBuilder's configuration of a directory.

    With a client, people are searched for under its name and may stand anywhere below the base;
    without one, they stand directly in the base.

    Raises:
        UnsafeSettings: python-ldap is missing.

    """
    if lacks_library(settings.sign_in_url):
        raise UnsafeSettings(str(NO_LIBRARY))
    _limit_waiting()
    found: dict[str, Any] = {
        "AUTH_TYPE": AUTH_LDAP,
        "AUTH_LDAP_SERVER": settings.sign_in_url,
        "AUTH_LDAP_USE_TLS": settings.sign_in_url.startswith("ldap://"),
        "AUTH_LDAP_TLS_DEMAND": True,
        "AUTH_LDAP_TLS_CACERTFILE": settings.sign_in_ca,
        "AUTH_LDAP_UID_FIELD": settings.sign_in_name,
    }
    if not settings.sign_in_client:
        form = f"{settings.sign_in_name}=%s,{settings.sign_in_base}"
        return {**found, "AUTH_LDAP_USERNAME_FORMAT": form}
    return {
        **found,
        "AUTH_LDAP_BIND_USER": settings.sign_in_client,
        "AUTH_LDAP_BIND_PASSWORD": settings.sign_in_secret,
        "AUTH_LDAP_SEARCH": settings.sign_in_base,
        "AUTH_LDAP_SEARCH_FILTER": settings.sign_in_filter,
    }


def bind(ldap: Any, connection: Any, name: str, password: str) -> bool:
    """Return whether the directory knows a name and its password.

    Raises:
        Busy: it does not answer.

    """
    if not password:
        # the protocol takes a name without a password for a wish to stay unknown, and says yes
        return False
    try:
        connection.simple_bind_s(name, password)
    except ldap.INVALID_CREDENTIALS:
        return False
    except (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT) as error:
        log.error("the directory does not answer: %s", error)
        raise Busy(NO_ANSWER) from error
    return True


def _limit_waiting() -> None:
    ldap = importlib.import_module(LIBRARY)
    ldap.set_option(ldap.OPT_NETWORK_TIMEOUT, SECONDS)
    ldap.set_option(ldap.OPT_TIMEOUT, SECONDS)
