"""`zip=[...]` and `grid=[...]` as text: how they are cut into overrides, and how they get past Hydra.

Hydra's grammar has no brackets around overrides. So it gets them as texts, `hydra.sweeper.params.zip` and
`hydra.sweeper.params.grid`, where a config has them too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.override_parser.overrides_parser import OverridesParser

from runner.errors import InputError
from runner.writing.wording import hydra_value

KINDS = ("zip", "grid")
PARAMS = "++hydra.sweeper.params."
TYPED = re.compile(rf"(?P<kind>{'|'.join(KINDS)})=(?P<text>.*)", re.DOTALL)
# Hydra's grammar has no unquoted = and no unquoted ~ in a value. So a blank or a comma before `key=` ends an override,
# and so does a blank before ~.
TOKEN = re.compile(
    r"\\."
    r"|'(?:\\.|[^'\\])*'"
    r'|"(?:\\.|[^"\\])*"'
    r"|(?P<opens>[\[({])|(?P<closes>[\])}])"
    r"|(?P<ends>[\s,]*[\s,](?=\+{0,2}[A-Za-z_$][\w.$/@-]*=)|\s+(?=~))"
    r"|.",
    re.DOTALL,
)


@dataclass(frozen=True)
class Group:
    """Overrides in brackets.

    Attributes:
        kind: `zip` or `grid`.
        text: between the brackets.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}=[{self.text}]"

    @property
    def words(self) -> list[str]:
        """The overrides, each as it is typed after `-m`; a `zip=[...]` inside a grid is one of them."""
        words, start, depth = list[str](), 0, 0
        for token in TOKEN.finditer(self.text):
            depth += bool(token["opens"]) - bool(token["closes"])
            if token["ends"] and depth == 0:
                words.append(self.text[start : token.start()])
                start = token.end()
        return [word.strip() for word in [*words, self.text[start:]] if word.strip()]


def groups(kind: str, text: str) -> list[Group]:
    """The groups of a value: `[a=1,2 b=3,4] [c=5,6]` are two; brackets around one alone may be left out.

    Raises:
        InputError: brackets do not match, or there is something beside them.
    """
    text = text.strip()
    if not text.startswith("["):
        return [Group(kind, text)]
    found, start, depth = list[Group](), 0, 0
    for token in TOKEN.finditer(text):
        if depth == 0 and not token["opens"] and not token[0].isspace():
            raise InputError(f"{kind}={text}: {text[token.start() :]} stands outside of the brackets")
        depth += bool(token["opens"]) - bool(token["closes"])
        if depth == 1 and token["opens"]:
            start = token.end()
        if depth == 0 and token["closes"]:
            found.append(Group(kind, text[start : token.start()].strip()))
    if depth:
        raise InputError(f"{kind}={text}: lacks a closing bracket; a shell takes it whole in quotes, '{kind}=[...]'")
    return found


def typed_groups(word: str) -> list[Group]:
    """The groups of a word of the command line; none if it is no `zip=` or `grid=`.

    Raises:
        InputError: see `groups`.
    """
    typed = TYPED.fullmatch(word)
    return groups(typed["kind"], typed["text"]) if typed else []


def for_hydra(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra can read them: all zips as one override of `hydra.sweeper.params`, all grids as another.

    Raises:
        InputError: brackets do not match.
    """
    found = [group for word in arguments for group in typed_groups(word)]
    rest = [word for word in arguments if not TYPED.fullmatch(word)]
    for kind in KINDS:
        if texts := [f"[{group.text}]" for group in found if group.kind == kind]:
            rest.append(f"{PARAMS}{kind}={hydra_value(_without_interpolations(' '.join(texts)))}")
    return rest


def as_typed(arguments: Sequence[str]) -> list[str]:
    """What the user typed, of arguments that `for_hydra` has made: its inverse."""
    words = list[str]()
    for word in arguments:
        kind = word.removeprefix(PARAMS).partition("=")[0]
        if word.startswith(PARAMS) and kind in KINDS:
            text = str(OverridesParser.create().parse_override(word).value())
            words += map(str, groups(kind, _with_interpolations(text)))
        else:
            words.append(word)
    return words


def _without_interpolations(text: str) -> str:
    """`${...}` is for each job to resolve, and not for the sweep."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", text)


def _with_interpolations(text: str) -> str:
    return re.sub(r"(\\*)\\\$\{", lambda found: found[1][: len(found[1]) // 2] + "${", text)
