"""Controls made of several: the parts of an address, the languages of a translated text."""

from __future__ import annotations

from dataclasses import replace

from generator.field_types._locales import babel_locale
from generator.field_types.address import COUNTRIES, PARTS, country_name
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_model import Control, ControlOption
from runtime.web.screens.visit import Visit

ADDRESS_LABELS = {
    "country": ("Country or region", "address"),
    "region": ("Province or state", "address"),
    "city": ("City", "address"),
    "district": ("District", "address"),
    "street": ("Street and number", "address"),
    "street2": ("Building, floor, room", "address"),
    "postal_code": ("Postal code", "address"),
    "name": ("Recipient", "address"),
    "phone": ("Phone", "address"),
}
"""What the parts are called; the texts stand in the catalogue under the context `address`."""


def address_parts(drawing: Drawing, made: Control, place: str) -> tuple[Control, ...]:
    visit, found = drawing.visit, []
    for part, most in PARTS.items():
        name = f"{made.name}-{part}"
        text = drawing.state.get(name, ("",))[-1]
        label = visit.t(*ADDRESS_LABELS[part])
        one = Control(
            id=f"{drawing.ids}{name}",
            name=name,
            label=label,
            kind="select" if part == "country" else "text",
            text=text,
            attributes={"maxlength": str(most), "autocomplete": "off"},
            full=part in {"street", "street2"},
            error=drawing.messages.get(f"{place}.{part}", ""),
        )
        if part == "country":
            one = replace(one, options=_countries(visit, text), attributes={})
        found.append(one)
    return tuple(found)


def _countries(visit: Visit, chosen: str) -> tuple[ControlOption, ...]:
    """Return every country by name, those of the app's languages first."""
    locale = visit.actor.locale
    home = {"zh": "CN", "en": "US"}.get(str(babel_locale(locale).language), "")
    named = sorted((code != home, country_name(code, locale), code) for code in COUNTRIES)
    return tuple(ControlOption(code, name, code == chosen) for _, name, code in named)


def translated_parts(drawing: Drawing, made: Control, place: str) -> tuple[Control, ...]:
    start = f"{made.name}-"
    held = [key.removeprefix(start) for key in drawing.state if key.startswith(start)]
    locales = dict.fromkeys((*drawing.visit.app.locales, *held))
    own = babel_locale(drawing.visit.actor.locale)
    multiline = made.attributes.get("data-multiline") == "true"
    maximum = made.attributes.get("maxlength", "200")
    return tuple(
        Control(
            id=f"{drawing.ids}{start}{locale}",
            name=f"{start}{locale}",
            label=str(babel_locale(locale).get_display_name(own) or locale),
            kind="textarea" if multiline else "text",
            text=drawing.state.get(f"{start}{locale}", ("",))[-1],
            attributes={"maxlength": maximum},
            language="zh-CN" if locale == "zh" else locale.replace("_", "-"),
            error=drawing.messages.get(f"{place}.{locale}", ""),
        )
        for locale in locales
    )
