"""The seam between the one HTTP client and the network, by a name other rooms may use.

None stands for the network; the sandbox, faults and recordings are transports of their own.
"""

import httpx

Transport = httpx.BaseTransport
