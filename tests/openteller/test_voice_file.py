"""The voice's file, and `openteller say`."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk_core.errors import ConfigError
from kiosk_core.speech import Speaker
from openteller import cli, config_commands, say_command
from openteller.queue_policy import DEFAULT_POLICY
from openteller.voice_file import VoiceFile, load_voice, open_reader, open_speaker
from tests.clocks import RealClock
from tests.voice.programs import write_program
from voice.settings import VoiceSettings
from voice.sound import Sound, read_wav

EXAMPLE = Path(__file__).parents[2] / "config" / "kiosk.example.toml"
SHIPPED = DEFAULT_POLICY.with_name("voice.toml")

QUIET = "\n[[announcements.quiet]]\n"


def test_the_shipped_file_says_the_defaults() -> None:
    assert load_voice(SHIPPED) == VoiceFile()


def test_the_quiet_hours_that_it_shows_are_right_where_somebody_wants_them(tmp_path: Path) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("# [[announcements"))
    path = tmp_path / "voice.toml"
    path.write_text("\n".join([*lines[:begin], *(line.removeprefix("#").strip() for line in lines[begin:])]))
    assert [hours.volume for hours in load_voice(path).announcements.quiet] == [0.4, 0.0]


def test_config_check_tells_where_and_how_often_calls_are_said() -> None:
    ended = CliRunner().invoke(config_commands.app, ["check", str(SHIPPED)])
    assert (ended.exit_code, ended.output) == (0, "ok  loudspeaker default: each call 2 times in zh, en\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[voice]\nspeed = 100", "voice.speed: is no key of this section"),
        ("[voice]\nwords_a_minute = 20", "voice.words_a_minute: 20 is too small; the least is 80"),
        ('[voice]\none = "yao"', 'voice.one: must be "幺" or "一", not "yao"'),
        ('[voice]\nloudspeaker = ""', "voice.loudspeaker: must not be empty"),
        ("[announcements]\nlanguages = []", "announcements.languages: needs at least 1"),
        ('[announcements]\nlanguages = ["fr"]', 'announcements.languages.item 1: must be "zh" or "en"'),
        ("[announcements]\ntimes = 0", "announcements.times: 0 is too small"),
        ("[announcements]\nvolume = 1.5", "announcements.volume: 1.5 is too large"),
        (f"[announcements]{QUIET}begin = 12:00:00", "announcements.quiet.item 1.end: is missing"),
        (f"[announcements]{QUIET}begin = 9:00:00\nend = 10:00:00", "is not TOML"),
        (f"[announcements]{QUIET}begin = 12:00:00\nend = 12:00:00", "must be another time than begin"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "voice.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_voice(path)
    assert complaint in str(caught.value)


def test_a_screen_without_a_loudspeaker_has_a_silent_speaker() -> None:
    speaker = open_speaker(VoiceSettings(loudspeaker="none"), RealClock())
    speaker.close()
    assert not speaker.is_speaking()


def test_a_screen_whose_programs_are_missing_starts_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    open_speaker(VoiceSettings(), RealClock()).close()


def test_a_terminal_without_programs_for_it_reads_nothing_aloud(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert open_reader(VoiceSettings(), RealClock()) is None
    assert caplog.messages == ["no page is read aloud: install Debian's espeak-ng and alsa-utils"]


@pytest.mark.parametrize("settings", [None, VoiceSettings(loudspeaker="none")])
def test_a_terminal_that_is_to_have_no_voice_has_none(settings: VoiceSettings | None) -> None:
    assert open_reader(settings, RealClock()) is None


def test_a_terminal_with_both_programs_reads_aloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("espeak-ng", "aplay"):
        Path(write_program(tmp_path, "exit 1")).rename(tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    speaker = open_reader(VoiceSettings(), RealClock())
    assert speaker is not None
    speaker.close()


@pytest.mark.parametrize(("section", "reads"), [("", False), ("\n[voice]\n", True)])
def test_a_terminal_reads_aloud_where_its_file_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, section: str, reads: bool
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace('"../services"', f'"{EXAMPLE.parents[1] / "services"}"')
    (tmp_path / "kiosk.toml").write_text(text + section, encoding="utf-8")
    for name in ("espeak-ng", "aplay"):
        Path(write_program(tmp_path, "exit 1")).rename(tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    given: list[Speaker | None] = []

    def run(*_: object, speaker: Speaker | None, **__: object) -> int:
        given.append(speaker)
        return 0

    monkeypatch.setattr("kiosk_ui.app.run", run)
    assert CliRunner().invoke(cli.app, ["kiosk", str(tmp_path / "kiosk.toml")]).exit_code == 0
    (speaker,) = given
    assert (speaker is not None) is reads
    if speaker is not None:
        speaker.close()


def say(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(say_command.app, arguments, env={"COLUMNS": "200"})
    return ended.exit_code, ended.output


def test_a_technician_reads_which_package_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert say("hello") == (1, "espeak-ng is not installed; Debian has it in espeak-ng\n")


def test_a_technician_reads_which_card_there_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path(write_program(tmp_path, f"exec cat {tmp_path}/nothing.wav")).rename(tmp_path / "espeak-ng")
    Path(write_program(tmp_path, 'echo "no card $3" >&2; exit 1')).rename(tmp_path / "aplay")
    (tmp_path / "nothing.wav").write_bytes(Sound(bytes(1000)).wav())
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    advice = "`aplay -L` lists the sound cards that there are"
    told = f"hello  [hello]\naplay failed (1): no card plughw:7; {advice}\n"
    assert say("hello", "--loudspeaker", "plughw:7") == (1, told)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("hello", "--language", "fr"), "--language fr: must be zh or en"),
        (("hello", "--voice", "nowhere.toml"), "nowhere.toml: there is no such file"),
    ],
)
def test_a_mistake_in_the_command_is_one_sentence(arguments: tuple[str, ...], complaint: str) -> None:
    assert say(*arguments) == (1, f"{complaint}\n")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_call_is_written_into_a_wav_file_in_both_languages(tmp_path: Path) -> None:
    code, output = say("--wav", str(tmp_path / "call.wav"))
    assert code == 0, output
    assert "[qing3 ei1 ling2 yao1 san1 hao4 , dao4 san1 hao4 chuang1 kou3 ban4 li3 .]" in output
    assert "[Ticket eigh zero one three, please go to window three.]" in output
    sound = read_wav((tmp_path / "call.wav").read_bytes())
    assert 5 < sound.seconds < 15
    assert sound.level > 0.05
