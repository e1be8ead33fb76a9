"""Where in the files something stands that the model no longer remembers: a key or a value.

Comes in: the files that were read. Goes out: for a file and a path of keys, positions and words,
the narrowest place there is. The model keeps one place an entity or a field; a check that blames
one column of one list asks here, so that no value of the model has to carry the places of its
parts.
"""

from __future__ import annotations

from collections.abc import Iterable

from generator.model.text import Span
from generator.problems import whole_file
from generator.source_nodes import Items, Mapped, Node, Scalar, Source


class Places:
    """Knows every key and value of every file."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._nodes = {source.file: source.node for source in sources}

    def at(self, file: str, *path: str | int) -> Span:
        """Return the place of what a path leads to, as far as it goes.

        Args:
            file: as a `Span` names it.
            path: a step is a key, the position of an item (from 0) or the word an item says.

        Returns:
            A single value's own place; of a list or mapping the place of its key.

        """
        node: Node | None = self._nodes.get(file)
        if node is None:
            return whole_file(file)
        place = whole_file(file)
        for step in path:
            if isinstance(node, Mapped) and step in node.entries:
                entry = node.entries[str(step)]
                node = entry.node
                place = node.span if isinstance(node, Scalar) else entry.key
                continue
            item = _item(node, step)
            if item is None:
                break
            node, place = item, item.span
        return place

    def key(self, file: str, *path: str | int) -> Span:
        """Return the place of the last key of a path, whatever stands behind it."""
        node: Node | None = self._nodes.get(file)
        place = self.at(file, *path[:-1])
        for step in path[:-1]:
            node = node.get(str(step)) if isinstance(node, Mapped) else None
        entry = node.entries.get(str(path[-1])) if isinstance(node, Mapped) else None
        return place if entry is None else entry.key


def _item(node: Node, step: str | int) -> Node | None:
    """Return an item of a list; a list of one may be written as its only item."""
    items = node.items if isinstance(node, Items) else (node,)
    if isinstance(step, int):
        return items[step] if step < len(items) else None
    for item in items:
        if isinstance(item, Scalar) and str(item.value).lstrip("-") == step:
            return item
    return None
