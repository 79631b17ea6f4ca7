"""Where scopes are pushed from: threads of this process, or the workers of a Dask cluster."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

_ADDRESS = re.compile(r"(?:tcp|tls)://(?P<host>[^\s/:@]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}\Z")
_LOOPBACK = ("localhost", "[::1]")
_EXAMPLE = "tcp://HOST:PORT or tls://HOST:PORT"


def _address(value: str | None, info: ValidationInfo) -> str | None:
    engine = info.data.get("engine")
    if engine == "dask" and value is None:
        raise _fault("engine dask needs the address of its scheduler", "tcp://scheduler:8786")
    if engine == "threads" and value is not None:
        raise _fault("threads have no address", "remove it, or write engine: dask", "no address")
    if value is not None and not _ADDRESS.match(value):
        raise _fault("this is no address of a Dask scheduler", "tcp://scheduler:8786")
    return value


def _fault(found: str, hint: str, allowed: str = _EXAMPLE) -> PydanticCustomError:
    said = {"found": found, "allowed": allowed, "hint": hint}
    return PydanticCustomError("scheduler", "{found}", said)


class Execution(BaseModel):
    """Where scopes are pushed from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Literal["threads", "dask"] = Field(
        default="threads",
        description="threads: this process pushes. dask: the workers of a Dask cluster push, and "
        "this process alone writes the state; needs the extra unitsync[dask].",
    )
    address: Annotated[str | None, AfterValidator(_address)] = Field(
        default=None,
        validate_default=True,
        description=f"The Dask scheduler of engine dask: {_EXAMPLE}.",
    )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What works and yet looks wrong."""
        match = _ADDRESS.match(self.address or "")
        if not match or self.address is None or self.address.startswith("tls:"):
            return ()
        if match["host"] in _LOOPBACK or match["host"].startswith("127."):
            return ()
        said = "tcp:// carries credentials and lock codes to the workers in the clear"
        return (f"execution.address: {said}; outside of a trusted network use tls://",)


class WorkersUnreachable(Exception):
    """The Dask scheduler does not answer, or has no worker; nothing was sent."""
