"""How many examples a property is tried on: many where the build runs, few at the desk."""

import os

from hypothesis import HealthCheck, settings

SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile("desk", max_examples=60, deadline=None, suppress_health_check=SLOW_TO_DRAW)
settings.register_profile(
    "build", max_examples=1000, deadline=None, derandomize=True, suppress_health_check=SLOW_TO_DRAW
)
settings.load_profile("build" if os.environ.get("CI") else "desk")
