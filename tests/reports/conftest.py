"""What the tests of reports share."""

from hypothesis import HealthCheck, settings

# The machine may be busy: no test fails for being slow.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
