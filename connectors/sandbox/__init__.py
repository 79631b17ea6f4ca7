"""Both vendors, embedded: for the demo, for tests, and for rehearsals with faults to order.

Neither vendor offers an account to rehearse on, so these models are as strict and as strange as
the contracts say. They never leave the process: `mock_transport` needs no socket, `SandboxServer`
and `serve` listen on a local one.
"""

from __future__ import annotations

from connectors.sandbox.credentials import DEMO_CREDENTIALS, Credentials
from connectors.sandbox.faults import Fault
from connectors.sandbox.ids import IdSource
from connectors.sandbox.messages import ConnectionDropped, SandboxRequest, SandboxResponse
from connectors.sandbox.sandbox import Sandbox, demo_sandbox
from connectors.sandbox.server import SandboxServer, serve
from connectors.sandbox.storedge import StoredgeVendor
from connectors.sandbox.storedge_facility import FacilitySettings, StoredgeHabits
from connectors.sandbox.transport import mock_transport
from connectors.sandbox.travtus import TravtusVendor

__all__ = [
    "DEMO_CREDENTIALS",
    "ConnectionDropped",
    "Credentials",
    "FacilitySettings",
    "Fault",
    "IdSource",
    "Sandbox",
    "SandboxRequest",
    "SandboxResponse",
    "SandboxServer",
    "StoredgeHabits",
    "StoredgeVendor",
    "TravtusVendor",
    "demo_sandbox",
    "mock_transport",
    "serve",
]
