"""Tests against real servers."""

import pytest

# What several servers are held to lives in modules of its own; their assertions explain too.
pytest.register_assert_rewrite("tests.integration.exactness", "tests.integration.scraped")
