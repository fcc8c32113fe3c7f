"""What a technician reads where a package of an extra is missing."""

import importlib

import pytest

from openteller.extras import ExtraMissing, of_extra


def test_a_missing_package_is_named_with_what_to_install() -> None:
    said = r"no_such_package is missing; .* pip install openteller\[headquarters\]$"
    with pytest.raises(ExtraMissing, match=said), of_extra("headquarters"):
        importlib.import_module("no_such_package")


def test_other_mistakes_of_an_import_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), of_extra("headquarters"):
        raise ZeroDivisionError
