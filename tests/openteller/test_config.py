"""Every mistake in a configuration is answered by file, line and key, in words that a stranger understands."""

import shutil
import tomllib
from pathlib import Path

import pytest

from kiosk_core.errors import ConfigError
from kiosk_core.pin_pad import PinFormat
from kiosk_core.services import AccountDeposit, CardInquiry, IdUpdate, QueueTicketing, TransitTopUp
from openteller.config import TerminalConfig, load_terminal
from openteller.service_files import load_service, load_services

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "kiosk.example.toml"
SERVICE = ROOT / "services" / "transit_top_up.toml"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A copy of our own service file, to be spoiled."""
    folder = tmp_path / "services"
    folder.mkdir()
    return Path(shutil.copy(SERVICE, folder / "transit_top_up.toml"))


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLE, tmp_path / "kiosk.toml"))


def spoil(path: Path, old: str, new: str) -> int:
    """Replace `old` by `new`, which is there once, and return the number of its line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def refusal_of(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        load_terminal(path) if path.name == "kiosk.toml" else load_service(path)
    return refused.value


# -- what is right -------------------------------------------------------------------------------------


def test_our_own_services_are_read() -> None:
    tickets, top_up, deposit, inquiry, update = load_services(SERVICE.parent)
    assert isinstance(tickets, QueueTicketing)
    assert [each.name for each in tickets.classes] == ["green", "vip"]
    assert isinstance(top_up, TransitTopUp)
    assert top_up.limits.presets_yuan == (20, 50, 100, 200, 300, 500)
    assert top_up.title.en == "Top up transit card"
    assert isinstance(deposit, AccountDeposit)
    assert deposit.limits.max_fen == 200_000
    assert isinstance(inquiry, CardInquiry)
    assert isinstance(update, IdUpdate)
    assert inquiry.social_security


def test_the_example_of_a_terminal_is_read() -> None:
    config = load_terminal(EXAMPLE)
    assert isinstance(config, TerminalConfig)
    assert config.terminal.purse_terminal_bytes == b"\x00\x00\x00\x00\x00\x01"
    assert config.terminal.branch.zh == "人民路支行"
    assert config.devices.receipt_printer.port == "/dev/ttyUSB0"
    assert config.host.servers[0].certified_name == "terminals.bank.example"
    assert not config.terminal.simulated


def test_relative_paths_start_at_the_file(kiosk: Path) -> None:
    spoil(kiosk, '"/var/lib/openteller/journal"', '"state/journal"')
    config = load_terminal(kiosk)
    assert config.journal.folder == kiosk.parent / "state" / "journal"
    assert config.host.ca_file == Path("/etc/openteller/host-ca.pem")


def test_the_certificate_may_carry_another_name(kiosk: Path) -> None:
    spoil(kiosk, 'host = "terminals.bank.example"', 'host = "10.0.0.1"\nserver_name = "terminals.bank.example"')
    assert load_terminal(kiosk).host.servers[0].certified_name == "terminals.bank.example"


def test_a_host_may_have_more_servers_that_are_tried_in_their_order(kiosk: Path) -> None:
    more = """timeout_s = 10
fallback = [{ host = "198.51.100.7", port = 8584, server_name = "second.bank.example" }, { host = "third", port = 1 }]
"""
    spoil(kiosk, "timeout_s = 10", more)
    servers = load_terminal(kiosk).host.servers
    assert [(each.host, each.port, each.certified_name) for each in servers] == [
        ("terminals.bank.example", 8583, "terminals.bank.example"),
        ("198.51.100.7", 8584, "second.bank.example"),
        ("third", 1, "third"),
    ]


KEY = "88E1AB2A2E3DD38C1FA039A536500CC8"


@pytest.mark.parametrize(
    ("lines", "key", "problem"),
    [
        (f'mac = "retail"\nkey_exchange_key = "{KEY}"', "host.key_exchange_key", "is a key in clear"),
        ('mac = "retail"', "host.mac", "needs [devices.pin_pad], which holds the key"),
        (
            'mac = "cmac"\n[devices.pin_pad]\nmodel = "pp791"\nport = "/dev/ttyS9"',
            "host.mac",
            'must be "retail" where the PIN pad makes the MACs',
        ),
        (f'mac = "retail"\nkey_exchange_key = "{KEY}0"', "host.key_exchange_key", "is not 32, 48 or 64 hexadecimal"),
    ],
)
def test_a_mistake_about_macs_is_named_and_no_key_told(kiosk: Path, lines: str, key: str, problem: str) -> None:
    spoil(kiosk, "timeout_s = 10", f"timeout_s = 10\n{lines}")
    refused = refusal_of(kiosk)
    assert refused.key == key
    assert problem in refused.problem
    assert KEY not in str(refused)


def test_a_real_terminal_has_its_key_in_the_pin_pad(kiosk: Path) -> None:
    spoil(kiosk, "timeout_s = 10", 'timeout_s = 10\nmac = "retail"')
    kiosk.write_text(kiosk.read_text() + '\n[devices.pin_pad]\nmodel = "pp791"\nport = "/dev/ttyS9"\n')
    assert load_terminal(kiosk).host.mac == "retail"


def test_a_simulated_terminal_may_have_its_key_in_software(kiosk: Path) -> None:
    spoil(kiosk, "timeout_s = 10", f'timeout_s = 10\nmac = "cmac"\nkey_exchange_key = "{KEY}"')
    spoil(kiosk, "[terminal]\n", "[terminal]\nsimulated = true\n")
    assert load_terminal(kiosk).host.mac == "cmac"
    assert KEY not in repr(load_terminal(kiosk))


READER_AND_PAD = """
[devices.card_reader]
model = "crt-591"
port = "/dev/ttyS8"

[devices.pin_pad]
model = "pp791"
port = "/dev/ttyS9"
"""


def add(kiosk: Path, lines: str) -> None:
    kiosk.write_text(kiosk.read_text(encoding="utf-8") + lines, encoding="utf-8")


def test_what_the_acquirer_says_of_the_terminal_goes_to_the_chip(kiosk: Path) -> None:
    lines = """
[bank_card]
applications = ["A000000333010102"]
country = "0344"
capabilities = "E04020"
application_version = "0030"
pin_formats = ["iso3", "iso0"]
"""
    add(kiosk, READER_AND_PAD + lines)
    section = load_terminal(kiosk).bank_card
    assert section is not None
    told = section.chip_terminal("KT000001")
    assert told.applications == (b"\xa0\x00\x00\x03\x33\x01\x01\x02",)
    assert (told.country, told.currency, told.kind, told.transaction_type) == ("0344", "0156", "14", "00")
    assert (told.capabilities, told.application_version) == (b"\xe0\x40\x20", b"\x00\x30")
    assert told.serial == "KT000001"
    assert section.formats == (PinFormat.ISO3, PinFormat.ISO0)


@pytest.mark.parametrize(("more", "pins"), [("", 1000), ("renew_pin_key_after = 50", 50)])
def test_the_pin_key_comes_from_the_host_where_the_configuration_says_so(kiosk: Path, more: str, pins: int) -> None:
    add(kiosk, f'{READER_AND_PAD}[bank_card]\npin_key = "from_host"\n{more}\n')
    section = load_terminal(kiosk).bank_card
    assert section is not None
    assert (section.pin_key, section.pins_per_key) == ("from_host", pins)


def test_without_the_section_no_bank_card_pays(kiosk: Path) -> None:
    add(kiosk, READER_AND_PAD)
    assert load_terminal(kiosk).bank_card is None


CARD_READER, PIN_PAD = READER_AND_PAD.split("\n\n")


@pytest.mark.parametrize(
    ("only", "problem"),
    [
        (PIN_PAD, "needs [devices.card_reader], which takes the card"),
        (CARD_READER, "needs [devices.pin_pad], on which the PIN is typed"),
    ],
)
def test_bank_cards_need_reader_and_pad(kiosk: Path, only: str, problem: str) -> None:
    add(kiosk, f"\n{only}\n[bank_card]\n")
    refused = refusal_of(kiosk)
    assert (refused.key, refused.problem) == ("bank_card", problem)


@pytest.mark.parametrize(
    ("line", "key", "problem"),
    [
        ('country = "156"', "country", '"156" is not 4 digits'),
        ('kind = "2F"', "kind", '"2F" is not 2 digits'),
        ('capabilities = "6040"', "capabilities", '"6040" is not 3 bytes in hexadecimal'),
        ('applications = ["A0000003"]', "applications", '"A0000003" is not 5 to 16 bytes in hexadecimal'),
        ("applications = []", "applications", "at least 1"),
        ('serial = "KIOSK-1"', "serial", "is not 8 letters or digits"),
        ('pin_formats = ["iso1"]', "pin_formats", "iso0"),
        ("offered = true", "offered", "is no key of this section"),
        ('pin_key = "by_post"', "pin_key", 'must be "injected" or "from_host"'),
        ('pin_key = "from_host"\nrenew_pin_key_after = 0', "renew_pin_key_after", "the least is 1"),
        ("renew_pin_key_after = 50", "renew_pin_key_after", 'injected; set pin_key = "from_host", or leave it out'),
    ],
)
def test_a_mistake_about_bank_cards_is_named(kiosk: Path, line: str, key: str, problem: str) -> None:
    add(kiosk, f"{READER_AND_PAD}[bank_card]\n{line}\n")
    refused = refusal_of(kiosk)
    assert refused.key.startswith(f"bank_card.{key}")
    assert problem in refused.problem


def test_a_time_may_have_a_fraction(kiosk: Path) -> None:
    spoil(kiosk, "timeout_s = 10", "timeout_s = 2.5")
    assert load_terminal(kiosk).host.timeout_s == 2.5


def with_printers(kiosk: Path) -> Path:
    """Give the terminal the printers of docs/add-a-device.md and return their file."""
    spoil(kiosk, '[devices.receipt_printer]\nmodel = "escpos-80mm"', '[devices.receipt_printer]\nmodel = "zj-8330"')
    kiosk.write_text(kiosk.read_text() + '\n[printers]\nprofiles = "printers.toml"\n')
    return Path(shutil.copy(ROOT / "docs" / "examples" / "printers.toml", kiosk.parent / "printers.toml"))


def test_a_terminal_adds_a_printer_model_as_the_document_says(kiosk: Path) -> None:
    printers = with_printers(kiosk)
    assert "zj-8330" in load_terminal(kiosk).models
    document = (ROOT / "docs" / "add-a-device.md").read_text(encoding="utf-8")
    shown = document.split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(shown) == tomllib.loads(printers.read_text(encoding="utf-8"))


def test_a_mistake_in_a_printer_profile_is_named(kiosk: Path) -> None:
    printers = with_printers(kiosk)
    line = spoil(printers, "dots = 576", 'dots = "576"')
    refused = refusal_of(kiosk)
    assert (refused.file, refused.line, refused.key) == (str(printers), line, "printer.zj-8330.dots")
    assert refused.problem == 'must be a whole number, not "576"'


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "usb://04b8:0e15", "socket://10.0.0.7:9100"])
def test_a_real_terminal_has_real_ports(kiosk: Path, port: str) -> None:
    spoil(kiosk, '"/dev/ttyUSB0"', f'"{port}"')
    assert load_terminal(kiosk).devices.receipt_printer.port == port


@pytest.mark.parametrize("port", ["sim://receipt-printer", "sim-usb://04b8:0e15"])
def test_a_simulated_terminal_may_have_simulated_ports(kiosk: Path, port: str) -> None:
    line = spoil(kiosk, '"/dev/ttyUSB0"', f'"{port}"')
    refused = refusal_of(kiosk)
    assert (refused.line, refused.key) == (line, "devices.receipt_printer.port")
    assert f'"{port}" is a simulated device' in refused.problem
    spoil(kiosk, "[terminal]\n", "[terminal]\nsimulated = true\n")
    spoil(kiosk, "[journal]\n", '[simulator]\nusb_socket = "usb.sock"\n\n[journal]\n')
    assert load_terminal(kiosk).devices.receipt_printer.port == port


def test_a_simulated_usb_device_needs_its_bus(kiosk: Path) -> None:
    spoil(kiosk, "[terminal]\n", "[terminal]\nsimulated = true\n")
    line = spoil(kiosk, '"/dev/ttyUSB0"', '"sim-usb://04b8:0e15"')
    refused = refusal_of(kiosk)
    assert (refused.line, refused.key) == (line, "devices.receipt_printer.port")
    assert refused.problem == '"sim-usb://04b8:0e15" needs [simulator] usb_socket'


def test_a_real_terminal_has_no_simulator(kiosk: Path) -> None:
    line = spoil(kiosk, "[journal]\n", '[simulator]\nusb_socket = "usb.sock"\n\n[journal]\n')
    refused = refusal_of(kiosk)
    assert (refused.line, refused.key) == (line, "simulator")
    assert refused.problem == "is only for a terminal with [terminal] simulated = true"


def test_a_model_must_be_one_for_its_place(kiosk: Path) -> None:
    lines = [spoil(kiosk, '"escpos-80mm"', '"escpos-81mm"'), spoil(kiosk, '"ccid-t-union"', '"escpos-80mm"')]
    reader, printer = refusal_of(kiosk).all
    assert (reader.line, reader.key) == (lines[1], "devices.top_up_module.model")
    assert (printer.line, printer.key) == (lines[0], "devices.receipt_printer.model")
    assert printer.problem.startswith('"escpos-81mm" is no model of it; there are ')
    assert "escpos-80mm" in printer.problem
    assert "escpos-80mm" not in reader.problem.split("there are")[1]


def test_services_stand_in_their_order(service: Path) -> None:
    second = service.with_name("another.toml")
    shutil.copy(service, second)
    spoil(second, 'id = "transit_top_up"', 'id = "student_card"')
    spoil(second, "order = 10", "order = 20")
    assert [each.id for each in load_services(service.parent)] == ["transit_top_up", "student_card"]


# -- what is wrong: old text, new text, key, problem ---------------------------------------------------

KINDS = 'must be "transit_top_up" or "account_deposit" or "card_info" or "id_update" or "queue_ticket"'
WRONG_SERVICE = [
    ("max_yuan = 500", "max_yuan = true", "limits.max_yuan", "must be a whole number, not true"),
    ("max_yuan = 500", 'max_yuan = "500"', "limits.max_yuan", 'must be a whole number, not "500"'),
    ("max_yuan = 500", "max_yuan = 500.5", "limits.max_yuan", "must be a whole number, not 500.5"),
    ("max_yuan = 500", "max_yuan = nan", "limits.max_yuan", "must be a whole number, not NaN"),
    ("max_yuan = 500", "max_yuan = 2025-11-22", "limits.max_yuan", 'must be a whole number, not "2025-11-22"'),
    ("max_yuan = 500", "max_yuan = 5000000", "limits.max_yuan", "5000000 is too large; the most is 100000"),
    ("min_yuan = 10", "min_yuan = 0", "limits.min_yuan", "0 is too small; the least is 1"),
    ("min_yuan = 10", "min_yuan = 510", "limits.min_yuan", "510 is above max_yuan, which is 500"),
    ("min_yuan = 10", "min_yuan = 15", "limits.min_yuan", "15 is not a multiple of step_yuan (10)"),
    ("[20, 50,", "[25, 50,", "limits.presets_yuan", "25 is not between 10 and 500 in steps of 10"),
    ("[20, 50,", '["20", 50,', "limits.presets_yuan.item 1", 'must be a whole number, not "20"'),
    ("[20, 50, 100, 200, 300, 500]", "[]", "limits.presets_yuan", "needs at least 1 of them, not 0"),
    ("[20, 50, 100, 200, 300, 500]", "20", "limits.presets_yuan", "must be a list in square brackets, not 20"),
    ("idle_s = 60", "idle_s = 0", "times.idle_s", "0 is too small; the least is 1"),
    ("idle_s = 60", "idel_s = 60", "times.idel_s", "is no key of this section; did you mean idle_s?"),
    (
        "idle_s = 60",
        "colour = 60",
        "times.colour",
        "is no key of this section; it knows idle_s, warning_s, payment_s, return_card_s",
    ),
    ("order = 10", "ordre = 10", "ordre", "is no key of this section; did you mean order?"),
    ("[receipt_note]", "[receipt_not]", "receipt_not", "is no key of this section; did you mean receipt_note?"),
    ('kind = "transit_top_up"', 'kind = "top_up"', "kind", f'{KINDS}, not "top_up"'),
    ('kind = "transit_top_up"', 'kind = ["card_info"]', "kind", f"{KINDS}, not a list"),
    ('id = "transit_top_up"', 'id = ""', "id", "must not be empty"),
    ('en = "Top up transit card"', "en = 5", "title.en", 'must be a text in quotes, like "text", not 5'),
    ('en = "Top up transit card"', 'eng = "Top up"', "title.eng", "is no key of this section; did you mean en?"),
]


@pytest.mark.parametrize(("old", "new", "key", "problem"), WRONG_SERVICE)
def test_a_mistake_in_a_service_is_named(service: Path, old: str, new: str, key: str, problem: str) -> None:
    line = spoil(service, old, new)
    mistakes = refusal_of(service).all
    assert (str(service), line, key, problem) in [(each.file, each.line, each.key, each.problem) for each in mistakes]


WRONG_TERMINAL = [
    ('"KT000001"', '"KT1"', "terminal.number", '"KT1" is not 8 letters or digits'),
    ('"KT000001"', '"终端000001"', "terminal.number", '"终端000001" is not 8 letters or digits'),
    ('"000000000001"', '"0000000000AB"', "terminal.purse_terminal_no", '"0000000000AB" is not 12 digits'),
    ("fullscreen = true", 'fullscreen = "yes"', "screen.fullscreen", 'must be true or false, not "yes"'),
    ("fullscreen = true", "fullscreen = 1", "screen.fullscreen", "must be true or false, not 1"),
    ("width_mm = 344", "width_mm = 34.4", "screen.width_mm", "34.4 is too small; the least is 50"),
    ("width_mm = 344", 'width_mm = "344"', "screen.width_mm", 'must be a number, not "344"'),
    ("timeout_s = 10", "timeout_s = 0", "host.timeout_s", "0 is too small; it must be more than 0"),
    ("port = 8583", "port = 85830", "host.port", "85830 is too large; the most is 65535"),
    (
        'folder = "/var/lib/openteller/journal"',
        "folder = 7",
        "journal.folder",
        'must be a text in quotes, like "text", not 7',
    ),
    ('bank = { zh = "示例银行",', "bank = {", "terminal.bank.zh", "is missing"),
    (
        'branch = { zh = "人民路支行", en = "Renmin Road Branch" }',
        'branch = "x"',
        "terminal.branch",
        'must be a table of keys, not "x"',
    ),
    (
        '"/dev/ttyUSB0"',
        '"COM3"',
        "devices.receipt_printer.port",
        (
            '"COM3" is no port; it is a path like /dev/ttyUSB0, usb://VVVV:PPPP (vendor and product in hex), socket://HOST:PORT,'
            " http://HOST/PATH (a camera), pcsc://NAME-OF-READER, or of the simulator: sim://NAME, sim-usb://VVVV:PPPP"
        ),
    ),
    (
        '"/run/openteller/core.sock"',
        f'"/run/{"x" * 120}/core.sock"',
        "core.socket",
        "the path has 135 bytes; the most is 107",
    ),
]


@pytest.mark.parametrize(("old", "new", "key", "problem"), WRONG_TERMINAL)
def test_a_mistake_in_a_terminal_is_named(kiosk: Path, old: str, new: str, key: str, problem: str) -> None:
    line = spoil(kiosk, old, new)
    refused = refusal_of(kiosk)
    assert (refused.line, refused.key, refused.problem) == (line, key, problem)


def test_a_missing_key_is_looked_for_in_its_section(service: Path) -> None:
    section = spoil(service, "[limits]", "[limits]")
    spoil(service, "step_yuan = 10\n", "")
    refused = refusal_of(service)
    assert (refused.line, refused.key, refused.problem) == (section, "limits.step_yuan", "is missing")


def test_a_missing_section_is_said_of_the_file(kiosk: Path) -> None:
    spoil(kiosk, '[core]\nsocket = "/run/openteller/core.sock"', "")
    assert str(refusal_of(kiosk)) == f"{kiosk}: core: is missing"


def test_the_text_is_one_that_editors_jump_to(service: Path) -> None:
    line = spoil(service, "min_yuan = 10", "min_yuan = 0")
    assert str(refusal_of(service)) == f"{service}:{line}: limits.min_yuan: 0 is too small; the least is 1"


def test_all_mistakes_of_a_file_are_told_at_once_in_their_order(service: Path) -> None:
    spoil(service, "payment_s = 120", "payment_s = 1")
    spoil(service, "min_yuan = 10", "min_yuan = 0")
    spoil(service, "order = 10", 'order = "first"')
    refused = refusal_of(service)
    assert [each.key for each in refused.all] == ["order", "limits.min_yuan", "times.payment_s"]
    assert str(refused).count("\n") == 2


def test_mistakes_of_all_service_files_are_told_at_once(service: Path) -> None:
    second = Path(shutil.copy(service, service.with_name("another.toml")))
    spoil(service, "min_yuan = 10", "min_yuan = 0")
    spoil(second, "order = 10", "order = []")
    with pytest.raises(ConfigError) as refused:
        load_services(service.parent)
    assert [(each.file, each.key) for each in refused.value.all] == [
        (str(second), "order"),
        (str(service), "limits.min_yuan"),
    ]


def test_two_services_must_not_share_an_id(service: Path) -> None:
    shutil.copy(service, service.with_name("another.toml"))
    with pytest.raises(ConfigError) as refused:
        load_services(service.parent)
    assert (refused.value.file, refused.value.line, refused.value.key) == (str(service), 5, "id")
    assert refused.value.problem == f'"transit_top_up" is already the id in {service.with_name("another.toml")}'


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("order = 10", "order 10", "is not TOML: expected '=' after a key in a key/value pair"),
        ("order = 10", "order = ", "is not TOML: invalid value"),
        ("order = 10", "id = 'again'", "is not TOML: cannot overwrite a value"),
        ('en = "China T-Union · no cash needed"', 'en = "China', "is not TOML: illegal character '\\n'"),
    ],
)
def test_what_is_not_toml_is_named_by_its_line(service: Path, old: str, new: str, problem: str) -> None:
    line = spoil(service, old, new)
    refused = refusal_of(service)
    assert (refused.line, refused.key, refused.problem) == (line, "", problem)


def test_a_bracket_that_is_never_closed_is_named_at_the_end(service: Path) -> None:
    service.write_text('id = "x"\npresets_yuan = [1,\n2,\n', encoding="utf-8")
    refused = refusal_of(service)
    assert refused.line == 3
    assert refused.problem.startswith("is not TOML: ")


def test_a_file_in_another_encoding_is_named_by_its_line(service: Path) -> None:
    line = spoil(service, 'zh = "公交卡充值"', 'zh = "公交卡充值"')
    text = service.read_bytes()
    service.write_bytes(text.replace('zh = "公交卡充值"'.encode(), 'zh = "公交卡充值"'.encode("gb18030")))
    assert str(refusal_of(service)) == f"{service}:{line}: is not UTF-8 text; save it as UTF-8"


def test_lines_of_windows_count_as_lines(service: Path) -> None:
    line = spoil(service, "min_yuan = 10", "min_yuan = 0")
    service.write_bytes(service.read_bytes().replace(b"\n", b"\r\n"))
    assert refusal_of(service).line == line


def test_keys_are_found_in_every_way_that_toml_writes_them(service: Path) -> None:
    service.write_text(
        '# limits = 5\n\nkind = "transit_top_up"\nid = """\nlimits.min_yuan = 3\n"""\nicon = "transit_card"\n'
        'title = { zh = "", en = "" }\nsubtitle.zh = ""\nsubtitle.en = ""\n'
        "# min_yuan below\nlimits.max_yuan = 50\nlimits.step_yuan = 10\n\n"
        "# the least\nlimits . 'min_yuan' = 0\n"
        "limits.max_balance_yuan = 100\nlimits.presets_yuan = [\n  20,\n  true]\n",
        encoding="utf-8",
    )
    assert [(each.line, each.key) for each in refusal_of(service).all] == [
        (16, "limits.min_yuan"),
        (18, "limits.presets_yuan.item 2"),
    ]


@pytest.mark.parametrize("name", ["missing.toml", "folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=rf"{name}: (there is no such file|cannot be read: Is a directory)"):
        load_terminal(tmp_path / name)


def test_who_names_no_file_and_has_none_is_told_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openteller.config.TERMINAL_FILE", tmp_path / "kiosk.toml")
    with pytest.raises(ConfigError, match="there is no such file; name this terminal"):
        load_terminal(tmp_path / "kiosk.toml")


def test_a_folder_without_services_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no service file \(\*\.toml\)"):
        load_services(tmp_path)
    with pytest.raises(ConfigError, match="nowhere: there is no such folder"):
        load_services(tmp_path / "nowhere")
