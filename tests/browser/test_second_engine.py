"""The journey once more in Firefox, an engine that shares nothing with Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from test_journey import *  # noqa: F403 - the very same tests, collected here too; they find the page below


@pytest.fixture
def page(fox_page: Page) -> Page:
    """A page in Firefox."""
    return fox_page
