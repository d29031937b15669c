"""Pages of HTML from the templates of a package."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def page(package: str, template: str, **values: Any) -> str:
    """A page; what the values hold is text and no HTML, and one that is missing is an error.

    Args:
        package: whose folder `templates` has the template.
        template: its file.
        **values: by their names in the template.
    """
    templates = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return templates.get_template(template).render(**values)
