"""Every fixed text of templates, browser code and the web layer can be read in Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from runtime.web.texts import JS_TEXTS, catalogue, js_texts, translator

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def template_texts() -> Iterator[tuple[str, str, str]]:
    """Yield (file, context, English) of each t("…") in the templates."""
    reader = Environment(autoescape=True)
    for path in sorted((ROOT / "templates").rglob("*.html")):
        tree = reader.parse(path.read_text("utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args:
                words = [arg.value for arg in call.args[:2] if isinstance(arg, nodes.Const)]
                assert words, f"{path}: t() wants its text written out"
                yield str(path), words[1] if len(words) > 1 else "", words[0]


def python_texts() -> Iterator[tuple[str, str, str]]:
    """Yield (file, context, English) of each t("…") in runtime/web."""
    for path in sorted((ROOT / "runtime" / "web").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or _called(call) != "t":
                continue
            words = [arg.value for arg in call.args[:2] if isinstance(arg, ast.Constant)]
            if call.args and not isinstance(call.args[0], ast.Constant):
                continue
            if words:
                yield str(path), str(words[1]) if len(words) > 1 else "", str(words[0])


def _called(call: ast.Call) -> str:
    """Return the name of what is called, also as `visit.t(…)`."""
    return str(getattr(call.func, "id", "") or getattr(call.func, "attr", ""))


def test_every_fixed_text_has_a_chinese_entry() -> None:
    known = catalogue("zh")
    used = [*template_texts(), *python_texts(), *(("JS_TEXTS", "", text) for text in JS_TEXTS)]
    missing = [
        item for item in used if (item[1], item[2]) not in known and ("", item[2]) not in known
    ]
    assert not missing, missing


def test_chinese_entries_keep_the_parameters_and_contain_chinese() -> None:
    for (context, english), chinese in catalogue("zh").items():
        names = set(re.findall(r"\{\w+\}", english))
        assert set(re.findall(r"\{\w+\}", chinese)) == names, (context, english)
        assert CHINESE.search(chinese) or chinese == english, (context, english)


def test_what_the_browser_says_is_handed_over() -> None:
    said = set()
    for path in (ROOT / "assets" / "js").glob("*.js"):
        for call in re.findall(r"\btext\(([^)]*)", path.read_text("utf-8")):
            said |= set(re.findall(r'"([^"]+)"', call))
    said.discard("")
    assert said == set(JS_TEXTS)
    assert set(js_texts(translator("zh"))) == set(JS_TEXTS)
    assert js_texts(translator("en")) == {}


def test_a_context_tells_apart_what_english_writes_alike() -> None:
    t = translator("zh")
    assert t("Next", "page") == "下一页"
    assert t("{n} error", many="{n} errors", n=2) == "2 处错误"
    assert translator("en")("{n} error", many="{n} errors", n=2) == "2 errors"
    assert translator("en")("{n} error", many="{n} errors", n=1) == "1 error"
