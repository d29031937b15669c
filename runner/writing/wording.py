"""The words that messages share: what the user may have meant, lists cut to one line, errors without passwords."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Sequence


def closest(word: object, choices: Iterable[object], most: int = 3) -> list[str]:
    """The choices that resemble `word`, the likeliest first; upper and lower case do not matter."""
    by_folded = {str(choice).casefold(): str(choice) for choice in choices}
    return [by_folded[name] for name in difflib.get_close_matches(str(word).casefold(), list(by_folded), n=most)]


def did_you_mean(word: object, choices: Iterable[object], most: int = 12) -> str:
    """``did you mean 'income'?``, or the choices there are when nothing comes close."""
    names = [str(choice) for choice in choices]
    close = closest(word, names)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"there are: {join_names(names, most)}"


def no_column(lacking: Sequence[str], header: Iterable[object]) -> str:
    """What is said of a table without columns that a model needs.

    Args:
        lacking: the columns, at least one.
        header: the columns that there are.
    """
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return f"no column '{lacking[0]}'{more}, which the model needs: {did_you_mean(lacking[0], header)}"


def join_names(values: Iterable[object], most: int = 12) -> str:
    """``'a', 'b', 'c' and 7 more``: values for an error that has to stay on one line."""
    shown = [repr(value) for value in values]
    more = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str) -> str:
    """`1 split`, `2 splits`"""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def first_line(problem: BaseException) -> str:
    """The first line of an exception's text, cut to a readable length, passwords hidden."""
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    if lines[0].startswith("(raised as a result of") and len(lines) > 1:  # SQLAlchemy on itself; then what happened
        lines = lines[1:]
    line = without_password(lines[0])
    return line if len(line) < 200 else line[:200] + "..."


def without_password(text: str) -> str:
    """The text with the password of every address in it replaced: `scheme://user:***@host`."""
    return re.sub(r"(://[^/\s:@]*):[^/\s@]+@", r"\1:***@", text)


def hydra_value(value: object) -> str:
    """A value as Hydra's grammar reads it back: as it is where that is safe, else in single quotes.

    A word that Hydra would read as a number, a truth value or null is quoted only where it is a `str`.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(hydra_value, value))}]"
    text = str(value)
    if SAFE_WORD.fullmatch(text) and not OTHER_TYPE.fullmatch(text):
        return text
    doubled = re.sub(r"(\\*)(\'|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text)
    return f"'{doubled}'"


def override(key: str, value: object) -> str:
    """`key=value` as it is typed into a shell: quoted for Hydra, and then for bash or zsh."""
    return typed(f"{key}={hydra_value(value)}")


def typed(*words: str) -> str:
    """Words as they are typed into bash or zsh, with a blank between: a command line, or a part of one."""
    return " ".join(map(_typed, words))


def _typed(word: str) -> str:
    key, _, value = word.partition("=")
    if "'" in value and PLAIN_KEY.fullmatch(key) and not re.search(r'["$`\\!]', value):
        return f'{key}="{value}"'  # easier to read than what `shlex` makes of quotes
    quoted = shlex.quote(word)
    return f"'{word}'" if quoted.startswith("=") else quoted  # zsh takes =word for the path of a command


PLAIN_KEY = re.compile(r"[\w.+/@-]+", re.ASCII)
SAFE_WORD = re.compile(r"[\w./\-+:@%?|*$\\]*[\w./\-+%@]", re.ASCII)
OTHER_TYPE = re.compile(r"(?i)null|true|false|inf|nan|[-+]?(inf|nan)|[-+]?[\d_.]+(e[-+]?\d+)?")
