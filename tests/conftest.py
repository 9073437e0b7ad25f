"""Settings for the property tests."""

import os

from hypothesis import settings

# A busy machine must not fail a test: no deadlines. In CI the examples are the same in every run.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")
