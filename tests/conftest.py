"""What holds for all tests: Hypothesis tries the same examples every time, and judges none by the clock."""

from hypothesis import settings

settings.register_profile("openteller", deadline=None, derandomize=True)
settings.load_profile("openteller")
