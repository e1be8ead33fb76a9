"""What a rule can be made of, as data for the screen that builds one.

Everything follows from what `rules/conditions`, `rules/actions` and the shape of promotions
declare, and from the vocabulary of prices: a shop's own word has its place here without a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg, Catalog
from generator.model.app import App
from generator.shapes.promotion import BODY
from runtime.rule_names import ARGS, OPTIONS, WORDS, called
from runtime.rule_words import RuleWords

ELSEWHERE = frozenset(
    {"status", "priority", "when", "then", "include", "exclude", "lane", "target"}
)
"""Keys that the record says, or that have a place of their own on the screen."""
TEXTS: Mapping[str, tuple[str, str]] = {
    "when": ("Conditions: all of them must hold", "使用条件（须全部满足）"),
    "then": ("What customers get", "优惠内容"),
    "condition": ("Condition", "条件"),
    "action": ("They get", "优惠"),
    "row": ("Row", "行"),
    "which": ("Which items", "适用商品"),
    "more": ("More settings", "更多设置"),
    "add_condition": ("Add a condition", "添加条件"),
    "add_action": ("Add what they get", "添加优惠"),
    "add_step": ("Add a row", "添加一行"),
    "remove": ("Remove", "删除"),
    "currencies": ("By currency", "按币种"),
    "as_text": ("As text", "文本形式"),
    "commas": ("Several with commas between", "多个请用逗号分隔"),
    "kind": ("Kind", "类型"),
    "yes": ("Yes", "是"),
    "no": ("No", "否"),
    "usual": ("as usual", "默认"),
    "looks": ("The rule at work", "规则预览"),
    "unreadable": (
        "The text is no JSON; put it right to go on.",
        "文本不是有效的 JSON，请先更正。",
    ),
}


def vocabulary(app: App, words: tuple[Catalog[Any], Catalog[Any]], locale: str) -> dict[str, Any]:
    """Return conditions, actions and further keys, each with its arguments, in a language."""
    pricing = app.pricing
    assert pricing is not None
    chinese = locale.startswith("zh")
    names = RuleWords(app, locale)
    conditions, actions = words
    return {
        "conditions": _words(conditions, chinese),
        "actions": _words(actions, chinese),
        "match": [_arg(key, BODY[key], chinese) for key in ("include", "exclude")],
        "more": [_arg(key, arg, chinese) for key, arg in BODY.items() if key not in ELSEWHERE],
        "labels": [{"name": one, "label": names.facet(one)} for one in pricing.item.labels],
        "facts": {name: label.text(locale) for name, label in pricing.facts.items()},
        "currencies": list(pricing.currencies),
        "home": pricing.home,
        "texts": {key: texts[chinese] for key, texts in TEXTS.items()},
    }


def _words(catalog: Catalog[Any], chinese: bool) -> list[dict[str, Any]]:
    """Return the words of a family, the usual ones first and a shop's own last."""
    usual = list(WORDS)
    ordered = sorted(catalog, key=lambda word: usual.index(word) if word in usual else len(usual))
    return [
        {
            "word": word,
            "label": called(WORDS, word, chinese),
            "args": [_arg(key, arg, chinese) for key, arg in catalog[word].args.items()],
        }
        for word in ordered
    ]


def _arg(key: str, arg: Arg, chinese: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": key,
        "label": called(ARGS, key, chinese),
        "type": arg.type,
        "required": arg.required,
    }
    if arg.default is not None:
        found["default"] = arg.default
    if arg.options:
        found["options"] = [[one, called(OPTIONS, one, chinese)] for one in arg.options]
    if arg.of is not None:
        found["of"] = _arg(key, arg.of, chinese)
    if arg.shape is not None:
        found["args"] = [_arg(name, one, chinese) for name, one in arg.shape.args.items()]
    return found
