"""A `Problem` is one fault in a definition: code, place, what is wrong, what to write instead.

The faults people make most often are worded here, once; every stage calls these functions with the
author's own word and place. `CODES` lists every code there is: a code is never reused, a retired
one stays in the table, and each has a specimen in `tests/problems/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from generator.model.text import Span
from generator.saying import reworded, say
from generator.suggest import closest

CODES: Mapping[str, str] = {
    "D101": "The text is not YAML.",
    "D102": "A key is written twice in one mapping.",
    "D103": "A key is empty.",
    "D104": "A key is not a text.",
    "D105": "A key or a list item has no value.",
    "D106": "A line is indented with a tab.",
    "D107": "An anchor (&) or an alias (*) is used.",
    "D108": "A tag (!) is used.",
    "D109": "The merge key << is used.",
    "D110": "A file holds more than one document.",
    "D111": "A file is empty.",
    "D112": "Values are nested too deeply.",
    "D113": "A file is too large.",
    "D114": "A folder holds too many definition files.",
    "D115": "A file is not a mapping of keys to values.",
    "D116": "A file is not UTF-8 text.",
    "D117": "A text holds a control character.",
    "D118": "A file name does not have the form NAME.KIND.yaml.",
    "D119": "A number has too many digits.",
    "D120": "A file begins with a YAML directive (%).",
    "D121": "A file has more faults than are shown.",
    "D122": "A list item is swallowed by the text above it.",
    "D123": "The folder of definitions cannot be read.",
    "D201": "A key is not known here.",
    "D202": "A key that must be there is missing.",
    "D203": "A value has the wrong type.",
    "D204": "A value is not one of those allowed here.",
    "D205": "A name is not written as names are.",
    "D206": "A number or a count is out of its range.",
    "D207": "A text does not have the form its key asks for.",
    "D208": "An item stands twice in a list.",
    "D301": "A name points at nothing.",
    "D302": "A name is defined twice.",
    "D303": "A name is reserved.",
    "D401": "Roles include each other in a circle.",
    "D402": "The file app.yaml is missing.",
    "D403": "A file is called otherwise than what it defines.",
    "D404": "A kind of file is not read by this version.",
    "D405": "A formula depends on itself.",
    "D406": "A field holds children that are no part of its entity.",
    "D407": "A part is held by no field of its parent.",
    "D408": "A computed field is required or has a default.",
    "D409": "A computed field that is not kept is unique.",
    "D410": "A default is no value of its field.",
    "D411": "A key names a field without a column.",
    "D412": "A list searches in a field that holds no text.",
    "D413": "A list is sorted by a field that has no order.",
    "D414": "A form edits what the engine sets.",
    "D415": "A form lacks a required field.",
    "D416": "A text lacks a language.",
    "D417": "A link table's name is too long.",
    "D418": "No role may do anything with an entity.",
    "D419": "A role may do nothing.",
    "D420": "The currency of an amount is neither a code nor a field that holds one.",
    "D421": "An entity is a part of itself.",
    "D422": "The arguments of a field contradict themselves or cannot be read.",
    "D423": "A package of words cannot be used.",
    "D424": "A title has braces that do not match.",
    "D425": "A time zone is unknown.",
    "D426": "A path leads through many records where one value is shown.",
    "D427": "A form edits a field twice.",
    "D428": "A module names no folder.",
    "D429": "An icon is not in the sprite.",
    "D430": "An import writes what it cannot.",
    "D431": "An import map does not say where a value comes from.",
    "D432": "An import map names a field that leads to no record.",
    "D433": "A field of a type without order is unique, indexed or part of a key.",
    "D434": "A former name is still in use.",
    "D435": "A required link is to be cleared.",
    "D436": "Records need each other, so none can be made.",
    "D437": "A form edits a field of another record.",
    "D438": "A language is unknown.",
    "D439": "A tab has no records to show.",
    "D440": "A link table has the name of another table.",
    "D441": "A field has the name of the whole and does not lead to it.",
    "D442": "A list is laid out by a field that does not fit.",
    "D443": "A label draws what cannot be a code, or says nothing.",
    "D444": "A list adds up what is no number of its own.",
    "D450": "The conditions of a field contradict what it is.",
    "D460": "A line for every entity says more than actions.",
    "D461": "A line shows a secret, or masks what has no mask.",
    "D462": "A line for a part of a record names rows of its own.",
    "D463": "Who creates records cannot set a required field.",
    "D464": "Who changes records cannot see them.",
    "D465": "A line gives nothing that another one does not.",
    "D466": "A guardrail takes away all that a line gives.",
    "D467": "A line ends before it begins.",
    "D468": "A role may change what its own rows follow.",
    "D469": "A guardrail keeps nothing from anybody.",
    "D470": "A role may do more than before, and nobody approved it.",
    "D471": "Nobody may see a field.",
    "D472": "A role changes records that no list shows it.",
    "D473": "A role exports in clear what it sees masked.",
    "D474": "A line gives a transition that does not give itself.",
    "D475": "A role sees a reference and not what it leads to is called.",
    "D476": "Nobody may set a field.",
    "D477": "A role reaches an entity by too many conditions.",
    "D478": "A reason tells what somebody may not see.",
    "D479": "A log keeps more of values than it may.",
    "D480": "A step of a scenario is not one step.",
    "D481": "A scenario says what does not belong there.",
    "D482": "Records of a scenario point at each other in a circle.",
    "D483": "A scenario gives a part without its whole.",
    "D484": "A line or guardrail sets what the engine sets.",
    "D485": "Roles that administer different things are not kept apart.",
    "D486": "A line reaches behind a mask that its role does not see.",
    "D490": "What is answered at once waits for nobody's approval.",
    "D491": "Nobody may approve what waits for approval.",
    "D492": "A title is to be typed that is not there yet.",
    "D493": "A role brings roles together that do not go together.",
    "D494": "The rows of a line do not depend on the record.",
    "D495": "No index helps to find the rows of a line.",
    "D496": "Only its own holders decide who gets a role.",
    "D497": "An emergency role helps nobody, or nobody else hears of it.",
    "D498": "What is said of whose data records are leads to nobody.",
    "D499": "An erasure of a person's data could not do what is said.",
    "D500": "Records hold personal data and do not say about whom they are.",
    "D501": "An expression cannot be read.",
    "D502": "An expression uses something the language does not have.",
    "D503": "An expression is too long, too deep or too large.",
    "D504": "A name in an expression is unknown.",
    "D505": "A function in an expression is unknown.",
    "D506": "A value in an expression has the wrong type.",
    "D507": "A function is called with the wrong arguments.",
    "D508": "Something is compared with null; `is null` asks for it.",
    "D509": "A number has too many digits or decimals.",
    "D510": "A value is outside the choices of its field.",
    "D511": "A division stands outside round().",
    "D512": "An expression has another type than its place needs.",
    "D513": "Records of another entity are used as one value.",
    "D601": "A workflow has no initial state.",
    "D602": "A workflow has several initial states.",
    "D603": "The initial state of a workflow is unknown.",
    "D604": "A workflow has no states.",
    "D605": "A workflow names a state it does not have.",
    "D606": "A transition leads to several states at once.",
    "D607": "A workflow asks for something that is not offered.",
    "D608": "Two transitions of one name lead from one state.",
    "D609": "A transition leaves a final state.",
    "D610": "Nothing leads to a state.",
    "D611": "Nothing leads out of a state that is not final.",
    "D612": "No final state can be reached from a state.",
    "D613": "A workflow has no final state.",
    "D614": "Every way out of a state has a condition.",
    "D615": "People cannot move a record out of a state.",
    "D616": "It is left to chance which automatic transition fires.",
    "D617": "The ways of a transition leave something out.",
    "D618": "Automatic transitions go round without an end.",
    "D619": "Many automatic transitions follow each other.",
    "D620": "Timers go round too fast.",
    "D621": "A timer cannot be.",
    "D622": "Nobody is told when a busy state does not end.",
    "D623": "Nobody may fire a transition.",
    "D624": "A state column has no workflow, or is something else.",
    "D625": "A derived state is not whole.",
    "D628": "A condition of a transition is always or never true.",
    "D629": "An effect reaches outside within the transaction.",
    "D630": "Nothing takes back what an effect does outside.",
    "D631": "An effect writes a column that is not its own.",
    "D632": "A state leads to the whole of something and not to its part.",
    "D633": "Transitions fire each other without an end.",
    "D634": "A guard asks too much of the database.",
    "D635": "A warning is accepted that does not exist.",
    "D636": "A transition of another record cannot be fired.",
    "D637": "A number is issued that is none.",
    "D701": "A text of a connector names what is not there.",
    "D702": "A length of time of a connector or webhook cannot be.",
    "D703": "An operation takes or gives what is no plain value.",
    "D704": "Nobody can tell what became of a call.",
    "D705": "A signature cannot be checked.",
    "D706": "An event does nothing, or several things.",
    "D707": "Two webhooks have one address.",
    "D708": "A call does not give what an operation needs.",
    "D709": "A transition is fired by what it does not expect.",
    "D801": "An amount of a promotion cannot be.",
    "D802": "A word of a promotion does not say one thing.",
    "D803": "A step of a promotion is never reached, or gives less than the one below.",
    "D804": "A promotion never runs.",
    "D805": "A moment, a day or a time zone of a promotion cannot be read.",
    "D806": "A promotion names what the vocabulary of prices does not have.",
    "D807": "Promotions together leave nothing to pay.",
    "D808": "A promotion never wins.",
    "D809": "An amount is missing for a currency.",
    "D810": "A promotion speaks of nothing that is sold.",
    "D811": "An exchange gives what it counted as bought.",
    "D812": "Two prices of their own are for one item at one time.",
    "D813": "There are promotions and no vocabulary of prices.",
    "D814": "The vocabulary of prices names a field that does not fit.",
    "D815": "Records are said to be promotions in a way that cannot be.",
    "D816": "Uses and budgets are counted where they cannot be.",
    "D817": "A priced cart is to become what it cannot.",
    "D818": "Units are given back where nobody can say what they pay.",
    "D819": "The prices that an item had are kept where they cannot be.",
    "D820": "A promotion asks for what the shop does not keep.",
    "D821": "A promotion tells goods apart by deliveries, or deliveries by goods.",
    "D901": "A balance does not follow from the buckets of its ledger.",
    "D902": "A kind of entry does not say what it moves.",
    "D903": "Something but a hold moves what is held, or a hold does not.",
    "D904": "What takes out expired lots does not take them out.",
    "D905": "A length of time of a ledger cannot be read.",
    "D906": "Nothing moves a bucket.",
    "D908": "A line lets somebody write what only entries may.",
    "D909": "A line lets somebody post to what is no ledger.",
    "D910": "Nobody may post to a ledger.",
    "D911": "An effect does not say what it posts.",
    "D912": "A key of a ledger is not one record or one text.",
    "D921": "A schedule has no rule, or two.",
    "D922": "The rule of a schedule cannot be read.",
    "D923": "A length of time of a job cannot be.",
    "D924": "A schedule never comes due.",
    "D925": "A calendar has no working day.",
    "D926": "A run by the clock is not told what it needs.",
    "D927": "A job may not do what its step says.",
    "D928": "Working hours are not in order.",
    "D931": "An alert does not say what its measure needs, or says what it does not use.",
    "D932": "An alert has no limit, or two.",
    "D933": "An alert names a field of the wrong type.",
    "D934": "An alert may not look at what it watches.",
    "D941": "The braces of a message do not match.",
    "D942": "A message tells what is secret.",
    "D943": "A variable of a message is named nowhere.",
    "D944": "A notice has the name of a message about other records.",
    "D945": "A notice tells nobody.",
    "D946": "A message is sent to what is no e-mail address.",
    "D947": "A message is read in the name of a role that may not read it.",
    "D948": "A message is read in the name of a role that does not see where it is sent.",
    "D949": "A message that nobody switches off tells nobody here.",
}
"""Every code and what it means, in one line each. D1xx read, D2xx shape, D3xx unknown name,
D4xx check, D5xx expression, D6xx workflow, D7xx other systems,
D8xx prices, D9xx ledger."""

FINDINGS: Mapping[str, str] = {
    "D601": "missing_initial",
    "D602": "multiple_initial",
    "D603": "unknown_initial",
    "D604": "no_states",
    "D605": "unknown_state",
    "D606": "multiple_targets",
    "D607": "unsupported_feature",
    "D608": "duplicate_transition_from_state",
    "D609": "transition_from_final",
    "D610": "unreachable_state",
    "D611": "dead_end",
    "D612": "no_path_to_final",
    "D613": "no_final_state",
    "D614": "all_exits_guarded",
    "D615": "no_exit_for_people",
    "D616": "ambiguous_auto",
    "D617": "incomplete_branches",
    "D618": "auto_cycle",
    "D619": "long_auto_chain",
    "D620": "timer_loop",
    "D621": "bad_timer",
    "D622": "busy_without_watchdog",
    "D623": "nobody_can_fire",
    "D624": "state_without_workflow",
    "D625": "incomplete_derivation",
    "D628": "constant_guard",
    "D629": "external_in_transaction",
    "D630": "external_without_undo",
    "D631": "effect_writes_state",
    "D632": "asymmetric_partial",
    "D633": "cascade_cycle",
    "D634": "costly_guard",
    "D635": "unknown_finding",
}
"""What `accept:` of a workflow and programs call a finding of a workflow."""

LISTED = 12
"""So many names stand in a hint; the rest is counted."""

MOST = 60
"""Of more names than these a hint lists no others: nobody looks for one among hundreds."""

TRUTHS = {
    **dict.fromkeys(("true", "yes", "on", "y", "1"), "true"),
    **dict.fromkeys(("false", "no", "off", "n", "0"), "false"),
}
"""What people write for the only two booleans there are."""

SHOWN = 60
"""So many characters of an author's text are repeated in a message."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault; its code stands in `CODES`."""

    code: str
    span: Span
    message: str
    hint: str = ""
    severity: str = "error"
    """`error` stops the load; `warning` is shown and `check --strict` refuses it; `info` tells."""

    @property
    def finding(self) -> str:
        """The name of a finding about a workflow, '' for any other problem."""
        return FINDINGS.get(self.code, "")


class DefinitionError(Exception):
    """The definitions have faults; all of them are here, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems in the definitions")
        self.problems = problems


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems as they are shown: errors before warnings, each by file and place.

    One that says again what was said is left out, and so is a later stage's word on a place that
    could not even be read (D1xx): the author would only see the same fault twice.
    """
    every = sorted(
        set(problems), key=lambda one: (one.severity != "error", one.span, one.code, one.message)
    )
    unread = {(one.span.file, one.span.line, one.span.column) for one in every if _is_read(one)}
    return tuple(
        one
        for one in every
        if _is_read(one) or (one.span.file, one.span.line, one.span.column) not in unread
    )


def whole_file(file: str) -> Span:
    """Return the place of a fault that no line shows, such as a wrong file name."""
    return Span(file, 1, 1, 1, 1)


def _is_read(problem: Problem) -> bool:
    return problem.code.startswith("D1")


def quoted(text: str) -> str:
    """Return an author's text in quotes, on one line and shortened."""
    line = " ".join(text.split())
    return f"'{line if len(line) <= SHOWN else line[: SHOWN - 1] + '…'}'"


def listed(names: Iterable[str], limit: int = LISTED) -> str:
    """Return names for a sentence: `a, b, c`, and how many more when there are many."""
    every = list(names)
    shown = ", ".join(every[:limit])
    if len(every) <= limit:
        return shown
    return say("{shown} and {rest} more", shown=shown, rest=len(every) - limit)


def did_you_mean(written: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return the hint for a word that is not known.

    `otherwise` is said when nothing is known at all, or too much to be listed.
    """
    names = sorted(set(known))
    close = closest(written, names)
    if close is not None:
        others = listed(name for name in names if name != close) if len(names) <= MOST else ""
        if not others:
            return say("Did you mean '{close}'?", close=close)
        message = "Did you mean '{close}'? The others are: {others}."
        return say(message, close=close, others=others)
    return say("Known: {names}.", names=listed(names)) if 0 < len(names) <= MOST else otherwise


def unknown_key(written: str, at: Span, known: Iterable[str], where: str) -> Problem:
    """A key that means nothing here; `where` such as `a field of type money`."""
    hint = did_you_mean(written, known, otherwise="No key is allowed here; remove it.")
    return Problem(
        "D201",
        at,
        say(
            "The key {written} is not known in {where}.", written=quoted(written), where=say(where)
        ),
        hint,
    )


def missing_key(name: str, at: Span, where: str, *, example: str = "") -> Problem:
    """A key that must be there; `at` is the mapping's key or first line."""
    hint = (
        say("Write it, for example `{example}`.", example=example)
        if example
        else say("Add `{name}:` with its value.", name=name)
    )
    return Problem(
        "D202",
        at,
        say("The key '{name}' is missing in {where}.", name=name, where=say(where)),
        hint,
    )


def wrong_type(expected: str, written: str, at: Span, *, hint: str = "") -> Problem:
    """A value of another type; `expected` in words, such as `a whole number`.

    `written` is the author's text, or `a list` or `a mapping`.
    """
    whole = written in ("a list", "a mapping")
    subject = say(written.capitalize()) if whole else quoted(written)
    message = say(
        "{subject} stands where {expected} is expected.", subject=subject, expected=say(expected)
    )
    return Problem("D203", at, message, hint or _in_its_place(expected, written, whole))


def _in_its_place(expected: str, written: str, whole: bool) -> str:
    if expected == "a text" and not whole:
        return say('Put it in quotes: "{written}".', written=written)
    if expected == "true or false" and written.lower() in TRUTHS:
        return say("Write `{word}`.", word=TRUTHS[written.lower()])
    return say("Write {expected}.", expected=say(expected))


def not_one_of(key: str, written: str, at: Span, allowed: Iterable[str]) -> Problem:
    """A value outside a closed list; `key` is what takes it, such as `'class'`."""
    hint = did_you_mean(written, allowed, otherwise="None is allowed here; remove it.")
    return Problem(
        "D204",
        at,
        say("{written} is not a value of {key}.", written=quoted(written), key=say(key)),
        hint,
    )


def bad_name(noun: str, written: str, at: Span) -> Problem:
    """A name that is not lower-case words joined by `_`."""
    if written.lower().endswith((" desc", " asc")):
        return _a_direction(noun, written, at)
    better = snake(written)
    hint = "Write lower-case Latin letters, digits and '_', beginning with a letter."
    if better and better != written:
        hint = say(
            "Write '{better}': lower-case letters, digits and '_', beginning with a letter.",
            better=better,
        )
    return Problem(
        "D205",
        at,
        say("{written} cannot be the name of {noun}.", written=quoted(written), noun=say(noun)),
        hint,
    )


def _a_direction(noun: str, written: str, at: Span) -> Problem:
    name, _, word = written.rpartition(" ")
    field = ("-" if word.lower() == "desc" else "") + snake(name)
    return Problem(
        "D205",
        at,
        say("{written} cannot be the name of {noun}.", written=quoted(written), noun=say(noun)),
        say("Write '{field}': a '-' in front sorts from the last to the first.", field=field),
    )


def out_of_range(what: str, written: str, at: Span, allowed: str) -> Problem:
    """A number or count outside its range; `allowed` in words, such as `from 1 to 200`."""
    return Problem(
        "D206",
        at,
        say("{what} is {written}.", what=say(what), written=written),
        say("Write a number {allowed}.", allowed=say(allowed)),
    )


def unknown_name(
    noun: str, written: str, at: Span, known: Iterable[str], *, defined_in: str
) -> Problem:
    """A name that points at nothing: the fault people make most often, worded once."""
    hint = did_you_mean(
        written,
        known,
        otherwise=say("None is defined yet; add one in {defined_in}.", defined_in=say(defined_in)),
    )
    return Problem(
        "D301",
        at,
        say(
            "There is no {noun} {written} in {defined_in}.",
            noun=say(noun),
            written=quoted(written),
            defined_in=say(defined_in),
        ),
        hint,
    )


def defined_twice(noun: str, name: str, at: Span, first: Span) -> Problem:
    """A name given to two things; `first` is where it was given before."""
    message = say(
        "The {noun} '{name}' is defined twice; the first is in {file}:{line}.",
        noun=say(noun),
        name=name,
        file=first.file,
        line=first.line,
    )
    return Problem("D302", at, message, "Give one of them another name, or remove it.")


def reserved_name(noun: str, written: str, at: Span, why: str) -> Problem:
    """A name that is ours; `why` such as `every record has a field of that name`."""
    message = say(
        "{written} cannot be the name of {noun}: {why}.",
        written=quoted(written),
        noun=say(noun),
        why=say(why),
    )
    return Problem("D303", at, message, "Choose another name.")


def with_article(noun: str) -> str:
    """Return `an entity`, `a field`."""
    return reworded(noun, f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}")


def snake(written: str) -> str:
    """Return the written word as a name, `Sales Order` or `salesOrder` as `sales_order`.

    '' when it has none.
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", written.strip())
    letters = [
        letter if letter.isascii() and letter.isalnum() else "_" for letter in parted.lower()
    ]
    words = [word for word in "".join(letters).split("_") if word]
    return "_".join(words).lstrip("0123456789_")
