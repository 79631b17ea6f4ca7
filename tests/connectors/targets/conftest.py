"""A fresh desk for every test."""

from __future__ import annotations

import pytest

from .desk import CommunityDesk, FacilityDesk


@pytest.fixture
def desk():
    return FacilityDesk()


@pytest.fixture
def community():
    return CommunityDesk()
