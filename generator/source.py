"""Definition files, read strictly: a folder or a text in, nodes that know their place out.

The only file that knows YAML. It reads PyYAML's events, not its objects: what a word means is
decided in `source_scalars`, and nothing of YAML that lets a file say one thing and mean another
(aliases, tags, merge keys, guessed booleans and dates) gets through. Faults are collected, not
raised; a fault of syntax is the only one told of its file, because what follows it means nothing.

`Source.text` and all columns are those of the text without byte order mark and with `\\n` as its
only line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from generator import source_faults as faults
from generator.model.text import Span
from generator.problems import Problem, whole_file
from generator.source_files import definition_files, named
from generator.source_nodes import Entry, Items, Mapped, Node, Scalar, Source
from generator.source_scalars import UNREADABLE, TooLong, value_of

PARSER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""The C parser reads the same events eleven times faster; only its event stream is used."""


def read_folder(folder: Path) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """Read every definition file of a folder, in the order of their paths."""
    problems: list[Problem] = []
    sources: list[Source] = []
    if not folder.is_dir():
        return (), (faults.unreadable(whole_file(""), "there is no such folder"),)
    for count, path in enumerate(definition_files(folder), start=1):
        file = path.relative_to(folder).as_posix()
        if count > faults.MOST_FILES:
            problems.append(faults.too_many_files(whole_file(file)))
            break
        source, found = _read_file(path, file)
        problems += found
        if source is not None:
            sources.append(source)
    return tuple(sources), tuple(problems)


def read_sources(folder: Path) -> dict[str, str]:
    """Return the text of every file of a folder that can be shown, for the lines of a report."""
    return {
        path.relative_to(folder).as_posix(): _lines(path.read_bytes().decode("utf-8", "replace"))
        for path in definition_files(folder)
        if path.stat().st_size <= faults.LARGEST
    }


def read_text(text: str, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """Read one definition; the node is None when there is nothing whole to go on with."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > faults.LARGEST:
        return None, (faults.too_large(whole_file(file), size),)
    reading = _Reading(_lines(text), file)
    try:
        node = reading.document()
    except _Enough:
        node = None
    except yaml.MarkedYAMLError as error:
        return None, (reading.syntax(error),)
    except (yaml.YAMLError, ValueError):
        # PyYAML's Python parser lets an escape such as "\UFFFFFFFF" reach `chr`.
        return None, (faults.syntax("escape code", whole_file(file), ""),)
    return node, tuple(sorted(reading.problems, key=lambda problem: problem.span))


def _lines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _read_file(path: Path, file: str) -> tuple[Source | None, tuple[Problem, ...]]:
    names = named(file)
    if names is None:
        return None, (faults.bad_file_name(whole_file(file)),)
    try:
        size = path.stat().st_size
        if size > faults.LARGEST:
            return None, (faults.too_large(whole_file(file), size),)
        text = _lines(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        return None, (_not_utf8(file, error),)
    except OSError as error:
        return None, (faults.unreadable(whole_file(file), (error.strerror or "unknown").lower()),)
    node, problems = read_text(text, file)
    if not isinstance(node, Mapped):
        return None, problems
    name, kind, module = names
    return Source(file, kind, name, module, node, text), problems


def _not_utf8(file: str, error: UnicodeDecodeError) -> Problem:
    before = error.object[: error.start].decode("utf-8")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    place = Span(file, line, column, line, column + 1)
    return faults.not_utf8(place, error.object[error.start], error.start)


class _Enough(Exception):
    """Reading this file further would help nobody."""


class _Reading:
    """One pass over the events of one file: faults are noted and the rest is read on."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lines = text.split("\n")
        self.text = self._readable(text)
        self.events: Iterator[Any] = iter(())

    def document(self) -> Node | None:
        self.events = iter(yaml.parse(self.text, Loader=PARSER))
        next(self.events)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            self._note(faults.empty_file(whole_file(self.file)))
            return None
        if start.version or start.tags:
            self._note(faults.directive(self._span(start.start_mark, start.start_mark)))
        node = self._node(next(self.events), 1)
        next(self.events)
        more = next(self.events)
        if not isinstance(more, yaml.StreamEndEvent):
            self._note(faults.second_document(self._span(more.start_mark, more.end_mark)))
            for _ in self.events:
                pass  # a fault of syntax further down still comes first
        return self._top(node)

    def syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        said = f"{error.context or ''}: {error.problem or ''}"
        mark = error.problem_mark
        if error.context_mark is not None and re.search(faults.OPENINGS, said):
            mark = error.context_mark
        if mark is None:
            return faults.syntax(said, whole_file(self.file), self.lines[0])
        row = min(mark.line, len(self.lines) - 1)
        while row and not self.lines[row].strip() and mark.index >= len(self.text.rstrip()):
            row -= 1
        line = self.lines[row]
        column = min(mark.column, max(len(line) - 1, 0)) if row == mark.line else len(line.rstrip())
        place = Span(self.file, row + 1, column + 1, row + 1, min(column + 1, len(line)) + 1)
        return faults.syntax(said, place, line)

    def _top(self, node: Node) -> Node | None:
        if isinstance(node, Mapped):
            return node
        if isinstance(node, Scalar) and not node.text:
            if not self.problems:
                self._note(faults.empty_file(whole_file(self.file)))
            return None
        what = "a list" if isinstance(node, Items) else "a single value"
        line = node.span.line
        place = replace(node.span, end_line=line, end_column=len(self.lines[line - 1]) + 1)
        self._note(faults.not_a_mapping(place, what))
        return None

    def _node(self, event: Any, depth: int) -> Node:
        span = self._span(event.start_mark, event.end_mark)
        if isinstance(event, yaml.AliasEvent):
            self._note(faults.alias(f"*{event.anchor}", span))
            return Scalar(None, span, "", quoted=False)
        self._check_begin(event, span)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, span)
        if depth > faults.DEEPEST:
            self._note(faults.too_deep(span))
            raise _Enough
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(event, depth)
        return self._mapped(event, depth)

    def _check_begin(self, event: Any, span: Span) -> None:
        """Refuse what may stand before any value: anchor, tag, and a tab."""
        if event.anchor is not None:
            self._note(faults.alias(f"&{event.anchor}", span))
        if event.tag is not None:
            self._note(faults.tag(event.tag.replace("tag:yaml.org,2002:", "!!"), span))
        before = self.lines[span.line - 1][: span.column - 1]
        if "\t" in before and not before.strip():
            self._note(faults.tab(Span(self.file, span.line, 1, span.line, span.column)))

    def _scalar(self, event: Any, span: Span) -> Scalar:
        written = self.text[event.start_mark.index : event.end_mark.index].rstrip()
        value: str | int | Decimal | bool | None = event.value
        if event.style:
            invisible = UNREADABLE.search(event.value) if "\\" in written else None
            if invisible is not None:
                self._note(faults.control_character(span, ord(invisible.group())))
            return Scalar(value, span, written, quoted=True)
        if "\n" in written and re.search(r"\n\s*- ", written):
            self._note(faults.swallowed_item(span))
        if not event.value:
            return Scalar(None, span, "", quoted=False)
        try:
            value = value_of(event.value)
        except TooLong:
            self._note(faults.too_many_digits(event.value, span))
        return Scalar(value, span, written, quoted=False)

    def _items(self, start: Any, depth: int) -> Items:
        items: list[Node] = []
        event = next(self.events)
        while not isinstance(event, yaml.SequenceEndEvent):
            item = self._node(event, depth + 1)
            if _is_blank(event):
                item = self._blank_item(item)
            items.append(item)
            event = next(self.events)
        return Items(tuple(items), self._whole(start, event, [item.span for item in items]))

    def _mapped(self, start: Any, depth: int) -> Mapped:
        entries: dict[str, Entry] = {}
        inside: list[Span] = []
        event = next(self.events)
        while not isinstance(event, yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            name = self._key(event, key)
            value_event = next(self.events)
            value = self._node(value_event, depth + 1)
            inside += (key.span, value.span)
            if name is not None and _is_blank(value_event):
                rest = self.lines[key.span.end_line - 1][key.span.end_column :].strip()
                self._note(faults.empty_value(name, key.span, rest))
                value = Scalar(None, key.span, "", quoted=False)
            if name is not None and name in entries:
                self._note(faults.duplicate_key(name, key.span, entries[name].key))
            elif name is not None:
                entries[name] = Entry(key.span, value)
            event = next(self.events)
        return Mapped(entries, self._whole(start, event, inside))

    def _key(self, event: Any, key: Node) -> str | None:
        """Return the name a key gives, or None when it gives none (which is noted)."""
        if not isinstance(key, Scalar):
            what, written = ("a list", "[…]") if isinstance(key, Items) else ("a mapping", "{…}")
            self._note(faults.key_not_text(written, key.span, what))
            return None
        if isinstance(event, yaml.AliasEvent):
            return None
        if not event.value.strip():
            self._note(faults.empty_key(key.span))
            return None
        if not isinstance(key.value, str):
            self._note(faults.key_not_text(key.text, key.span, _said_type(key.value)))
            return None
        if key.value == "<<" and not key.quoted:
            self._note(faults.merge_key(key.span))
            return None
        return key.value

    def _blank_item(self, item: Node) -> Node:
        """Note a `-` with nothing after it, at the `-`, which the parser has already passed."""
        row, column = item.span.line - 1, item.span.column - 1
        while row and not self.lines[row][:column].rstrip().endswith("-"):
            row, column = row - 1, len(self.lines[row - 1])
        dash = max(len(self.lines[row][:column].rstrip()), 1)
        span = Span(self.file, row + 1, dash, row + 1, dash + 1)
        self._note(faults.empty_item(span))
        return Scalar(None, span, "", quoted=False)

    def _whole(self, start: Any, end: Any, inside: list[Span]) -> Span:
        """Return the place of a collection; without brackets it ends with its last value."""
        first = start.start_mark
        if start.flow_style or not inside:
            return self._span(first, end.end_mark)
        last = max(inside, key=lambda span: (span.end_line, span.end_column))
        return Span(self.file, first.line + 1, first.column + 1, last.end_line, last.end_column)

    def _span(self, start: Any, end: Any) -> Span:
        """Return the place between two marks, without the blank lines a block text ends with."""
        row = start.line
        if row == end.line and row < len(self.lines) and end.column <= len(self.lines[row]):
            return Span(self.file, row + 1, start.column + 1, row + 1, end.column + 1)
        first_line, first_column = self._point(start)
        line, column = self._point(end)
        while line > first_line and not self.lines[line][:column].strip():
            line -= 1
            column = len(self.lines[line])
        return Span(self.file, first_line + 1, first_column + 1, line + 1, column + 1)

    def _point(self, mark: Any) -> tuple[int, int]:
        """Return the line and column of a mark; at the end of the text some lie behind it."""
        if mark.line >= len(self.lines):
            return len(self.lines) - 1, len(self.lines[-1])
        return mark.line, min(mark.column, len(self.lines[mark.line]))

    def _readable(self, text: str) -> str:
        """Note characters nobody can see, and read on with a visible one in their place."""
        for found in UNREADABLE.finditer(text):
            before = text[: found.start()]
            line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
            place = Span(self.file, line, column, line, column + 1)
            if len(self.problems) == faults.MOST_FAULTS:
                self.problems.append(faults.too_many_faults(place))
                break
            self.problems.append(faults.control_character(place, ord(found.group())))
        return UNREADABLE.sub("\ufffd", text)

    def _note(self, problem: Problem) -> None:
        if len(self.problems) >= faults.MOST_FAULTS:
            self.problems.append(faults.too_many_faults(problem.span))
            raise _Enough
        self.problems.append(problem)


def _is_blank(event: Any) -> bool:
    """Say whether nothing at all was written where a value belongs."""
    return isinstance(event, yaml.ScalarEvent) and not event.value and not event.style


def _said_type(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return "the word for nothing" if value is None else "a number"
