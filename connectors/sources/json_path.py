"""Where something is in a JSON document: a JMESPath, checked when the settings are read."""

from __future__ import annotations

from typing import Annotated, Any, Self

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, StringConstraints

from connectors.errors import SourceUnreadable


class Number(float):
    """A number that can be compared, and keeps the text that the document has."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Self:
        """The number that a text of JSON is."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __str__(self) -> str:
        return self.text


def _well_formed(path: str) -> str:
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        first = str(error).splitlines()[0].rstrip(":")
        raise ValueError(f"{path!r} is no JMESPath: {first}") from None
    return path


JsonPath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_well_formed)]


def search(path: str, document: Any) -> Any:
    """What stands there; None where there is nothing. Raises SourceUnreadable."""
    try:
        return jmespath.search(path, document)
    except JMESPathError as error:
        raise SourceUnreadable(f"`{path}` cannot be looked for: {error}") from None
