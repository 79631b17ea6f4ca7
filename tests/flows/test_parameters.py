"""What a run of a deployment may be asked; that a server is told so is in tests/real."""

from __future__ import annotations

import pytest

from flows.parameters import refusal


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        (["unit"], 'there is no parameter "unit"; there are: units, scopes. did you mean "units"?'),
        (["x", "y"], 'there is no parameter "x" or "y"; there are: units, scopes.'),
    ],
)
def test_a_parameter_that_there_is_not_is_refused_with_those_that_there_are(unknown, said):
    assert said == refusal(unknown, ["units", "scopes"])
