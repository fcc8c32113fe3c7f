"""The queue's policy file: what `config check` says of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk_core.errors import ConfigError
from openteller import config_commands
from openteller.queue_policy import DEFAULT_POLICY, load_policy
from queue_display.policy import Rule


def test_the_shipped_policy_is_right_and_has_the_targets_of_the_banks() -> None:
    policy = load_policy(DEFAULT_POLICY)
    assert policy.rule is Rule.ACCUMULATING
    assert policy.service["simple"].target_min == 2
    assert policy.service["complex"].target_min == 15
    assert policy.customer_class["green"].layer == 0


def test_config_check_tells_the_rule_and_the_layers() -> None:
    ended = CliRunner().invoke(config_commands.app, ["check", str(DEFAULT_POLICY)])
    assert ended.exit_code == 0, ended.output
    assert "queue: rule accumulating; series A simple, B complex, C corporate; layers 0 green," in ended.output


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('rule = "accumulating"', 'rule = "random"', "rule: "),
        ("target_min = 2\nexpected_min = 3", "expected_min = 3", "service.simple.target_min: is missing"),
        ("target_min = 15", "target_min = 0", "service.complex.target_min: 0 is too small"),
        ('series = "B"', 'series = "A"', 'service.complex.series: "A" is already the series of simple'),
        ('series = "B"', 'series = "b"', 'service.complex.series: "b" is not of the letters A to Z'),
        ("[no_show]", "[no_shows]", "no_shows: is no key of this section; did you mean no_show?"),
        ("weight = 1.5", "wait = 1.5", "customer_class.vip.wait: is no key of this section"),
        (
            "layer = 0\n",
            'layer = 0\n[window.6]\nservices = ["simpel"]\n',
            'window.6.services.item 1: there is no service "simpel"; there are simple, complex, corporate',
        ),
        ("cap_min = 45", "", "customer_class.ordinary.cap_min: is missing: this class could wait for ever"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "policy.toml"
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_policy(path)
    assert str(caught.value).startswith(f"{path}:")
    assert complaint in str(caught.value)
