"""What a browser calls itself → what a person calls it: `Chrome · Windows`, `微信 · iPhone`."""

from __future__ import annotations

from runtime.web.texts import Translate

BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("DingTalk/", "DingTalk"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""In this order: a later browser often claims to be an earlier one too."""
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(agent: str, t: Translate) -> str:
    """Return what a `User-Agent` header means in words."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser or system:
        named = {"WeChat": t("WeChat", "app"), "DingTalk": t("DingTalk", "app")}
        return " · ".join(part for part in (named.get(browser, browser), system) if part)
    program = agent.split("/", 1)[0].strip()[:40]
    return t("Program: {name}", name=program) if program else t("Unknown device")


def is_phone(agent: str) -> bool:
    """Return whether it is held in a hand."""
    return any(mark in agent for mark in ("iPhone", "Android", "Mobile", "HarmonyOS"))
