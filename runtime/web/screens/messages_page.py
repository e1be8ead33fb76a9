"""Messages as pages show them: which there are, and one as it would reach the person who asks.

Comes in: the definitions, and a record the person chose. Goes out: its texts in each channel and
language, filled with what that person may read, the values themselves, and what sends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from babel import Locale

from generator.model.message import ALWAYS, Message, places
from generator.model.workflow import Effect, Workflow
from runtime.errors import RequestError
from runtime.operations._columns import title_columns
from runtime.web.message_text import Worded, worded
from runtime.web.screens import cells, doors
from runtime.web.screens.visit import Visit

ADDRESS = "/messages/"
NOTIFY = "notify"
OFFERED = 30
"""Records to choose from, the newest first."""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message in the list."""

    url: str
    label: str
    about: str
    """What it tells of, and by which channels more than the inbox."""


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """Everything `messages.html` draws."""

    messages: tuple[MessageLine, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A message in one language, as its reader sees it."""

    lang: str
    language: str
    inbox: str
    subject: str
    mail: str
    """Paragraphs of an e-mail."""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Everything `message.html` draws."""

    label: str
    about: str
    action: str
    record: str
    """The record that is shown; empty where there is none to show."""
    records: tuple[tuple[str, str], ...]
    """Ids and titles to choose from."""
    seen: tuple[Seen, ...]
    values: tuple[tuple[str, str, str], ...]
    """Of each variable: its name, what it is, what stands there."""
    sent: tuple[tuple[str, str], ...]
    """What sends it, and whom it tells."""


def may_see(visit: Visit, message: Message) -> bool:
    """Return whether somebody sees a message at all: whoever may read what it tells of."""
    return visit.may("read", message.entity)


def messages_page(visit: Visit) -> MessagesPage:
    """Return the page of all messages that the person may see, by what they tell of."""
    t = visit.t
    lines = []
    for message in sorted(visit.app.messages.values(), key=lambda one: (one.entity, one.name)):
        if not may_see(visit, message):
            continue
        about = visit.text(visit.app.entities[message.entity].label)
        channels = t("Inbox and e-mail") if message.mail is not message.inbox else t("Inbox")
        url = f"{ADDRESS}{message.name}"
        always = (t("nobody switches it off"),) if message.always else ()
        words = " · ".join((about, channels, *always))
        lines.append(MessageLine(url, visit.text(message.label), words))
    return MessagesPage(tuple(lines))


def message_page(visit: Visit, message: Message, chosen: str) -> MessagePage:
    """Return a message filled with one record; the newest where none is chosen.

    Raises:
        NotFound: the chosen record is not there, or not for this person.

    """
    records = _newest(visit, message)
    if chosen:
        plan = ",".join(("id", *title_columns(message.entity, visit.reads)))
        found = doors.ask(visit, "read", message.entity, chosen, {"fields": (plan,)})
        title = cells.title(visit, message.entity, found.plan.paths)(found.row)
        records = ((chosen, title), *(one for one in records if one[0] != chosen))
    record = chosen or (records[0][0] if records else "")
    seen = tuple(_seen(visit, message, record)) if record else ()
    own = worded(visit, {message.name: (record,)}).get((message.name, record)) if record else None
    return MessagePage(
        label=visit.text(message.label),
        about=visit.text(visit.app.entities[message.entity].label),
        action=f"{ADDRESS}{message.name}",
        record=record if own is not None else "",
        records=records,
        seen=seen,
        values=tuple(_variables(visit, message, own)),
        sent=tuple(_sent(visit, message)),
    )


def _newest(visit: Visit, message: Message) -> tuple[tuple[str, str], ...]:
    """Return records to choose from; none where the person may not list them."""
    fields = ",".join(("id", *title_columns(message.entity, visit.reads)))
    query = {"fields": (fields,), "sort": ("-created_at",), "limit": (str(OFFERED),)}
    try:
        found = doors.ask(visit, "list", message.entity, query=query)
    except RequestError:
        return ()
    named = cells.title(visit, message.entity, found.plan.shown)
    place = [path.text for path in found.plan.shown].index("id")
    return tuple((str(row[place]), named(row)) for row in found.rows)


def _seen(visit: Visit, message: Message, record: str) -> Iterator[Seen]:
    for locale in visit.app.locales:
        there = replace(visit, actor=replace(visit.actor, locale=locale))
        one = worded(there, {message.name: (record,)}).get((message.name, record))
        if one is not None:
            known = Locale.parse(locale.replace("-", "_"))
            language = known.get_display_name(visit.actor.locale.replace("-", "_")) or locale
            yield Seen(
                locale.replace("_", "-"),
                language[:1].upper() + language[1:],
                one.inbox,
                one.subject,
                one.mail if message.mail is not message.inbox else "",
            )


def _variables(
    visit: Visit, message: Message, own: Worded | None
) -> Iterator[tuple[str, str, str]]:
    t = visit.t
    always = {
        "record": t("The title of the record"),
        "recipient": t("Who reads it"),
        "shop": t("The name of this back office"),
        "link": t("The address of the record"),
    }
    values: Mapping[str, str] = own.values if own is not None else {}
    paths = {
        name: path
        for name, text in message.variables.items()
        for path in cells.readable(visit, message.entity, (text,))
    }
    for name in message.variables:
        path = paths.get(name)
        words = cells.path_label(visit, path) if path else t("Not visible to you")
        yield name, words, values.get(name, "")
    used = {name for _, label in message.texts() for name in places(label)}
    for name in ALWAYS:
        if name in used:
            yield name, always[name], values.get(name, "")


def _sent(visit: Visit, message: Message) -> Iterator[tuple[str, str]]:
    """Yield what sends it: steps and states of workflows, each once."""
    found: dict[tuple[str, str], None] = {}
    for workflow in visit.app.workflows.get(message.entity, {}).values():
        for words, effect in _effects(visit, workflow):
            if effect.word == NOTIFY and effect.given["name"] == message.name:
                roles = [visit.text(visit.app.roles[one].label) for one in effect.given["roles"]]
                found[f"{visit.text(workflow.label)} · {words}", " · ".join(roles)] = None
    yield from found


def _effects(visit: Visit, workflow: Workflow) -> Iterator[tuple[str, Effect]]:
    for edge in workflow.transitions:
        for effect in edge.effects:
            yield visit.text(edge.label), effect
    for state in workflow.states.values():
        for effect in (*state.enter, *state.leave):
            yield visit.text(state.label), effect
