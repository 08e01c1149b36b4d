"""Reading a config: what is sound, and everything that can be wrong with it."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.actions.commands import Beep, On
from edge.actions.settings import LedSettings, ServoSettings
from edge.config import ConfigProblemsError, Labels, check_config, labels_of, load_config, parse_config

LAMP = '[outputs.lamp]\ntype = "led"\npin = 17\n'


def problems_of(text: str, labels: Labels | None = None) -> list[str]:
    with pytest.raises(ConfigProblemsError) as caught:
        parse_config(text, "vigil.toml", labels)
    assert caught.value.exit_status == 78
    assert str(caught.value).count("vigil.toml: ") == len(caught.value.problems)
    return list(caught.value.problems)


def rule_problems(rule: str, labels: Labels | None = None) -> list[str]:
    """The problems of one rule beside three sound outputs."""
    outputs = LAMP + '[outputs.buzzer]\ntype = "buzzer"\npin = 18\n[outputs.fan]\ntype = "pwm"\npin = 12\n'
    return problems_of(f"{outputs}[[rules]]\n{rule}\n", labels)


def test_an_empty_file_is_all_defaults() -> None:
    config = parse_config("", "vigil.toml").config
    assert (config.outputs, config.rules) == ({}, ())
    assert config.gesture.hold_seconds == 0.5


def test_a_sound_file() -> None:
    config = parse_config(
        LAMP
        + """
        [outputs.arm]
        type = "servo"
        pin = 13
        safe = 0
        [gesture]
        hold_seconds = 1
        [[rules]]
        when = "face"
        state = "ended"
        do = "lamp.on"
        [[rules]]
        while = "drowsiness.microsleep"
        do = { output = "lamp", action = "blink", on_seconds = 1 }
        """,
        "vigil.toml",
    ).config
    assert config.outputs == {"lamp": LedSettings(pin=17), "arm": ServoSettings(pin=13, safe=0.0)}
    assert config.gesture.hold_seconds == 1.0
    assert config.rules[0].do == On(output="lamp")
    assert config.rules[1].while_ == "drowsiness.microsleep"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[camra]\n", "[camra]: unknown table (did you mean 'camera'?)"),
        ("colour = 3\n", "colour: unknown key outside of all tables; received 3 (known are camera, "),
        ('[camera]\nwidth_px = "640"\n', '[camera] width_px: must be a whole number; received "640" (write it without'),
        ("[camera]\nmirrow = true\n", "[camera] mirrow: unknown key; received true (did you mean 'mirror'?)"),
        ("[camera]\nmirror = 1\n", "[camera] mirror: must be true or false; received 1"),
        ("camera = 3\n", "[camera]: must be a table; received 3"),
        ("[gesture]\nhold_seconds = nan\n", "[gesture] hold_seconds: must be a finite number; received NaN"),
        (
            "[gesture]\nhold_seconds = 2024-01-01\n",
            '[gesture] hold_seconds: must be a valid number; received "2024-01-01"',
        ),
        ("outputs = 3\n", "[outputs]: must be tables such as [outputs.lamp]; received 3"),
        ("[outputs]\nlamp = 17\n", '[outputs.lamp]: must be a table such as { type = "led", pin = 17 }; received 17'),
        ('[outputs.lamp]\ntype = "led"\n', "[outputs.lamp] pin: is missing (BCM number"),
        ("[outputs.lamp]\npin = 17\n", "[outputs.lamp] type: is missing (known are led, buzzer, relay, pwm, servo)"),
        (
            '[outputs.b]\ntype = "buzer"\npin = 1\n',
            "[outputs.b] type: unknown type of output; received \"buzer\" (did you mean 'buzzer'?)",
        ),
        ("[outputs.b]\ntype = 5\n", "[outputs.b] type: unknown type of output; received 5 (known are led,"),
        (LAMP + "pinn = 3\n", "[outputs.lamp] pinn: unknown key; received 3 (did you mean 'pin'?)"),
        (
            '[outputs.lamp]\ntype = "led"\npin = 28\n',
            "[outputs.lamp] pin: must be less than or equal to 27; received 28 (BCM number",
        ),
        ('[outputs.lamp]\ntype = "led"\npin = true\n', "[outputs.lamp] pin: must be a whole number; received true"),
        (
            LAMP + 'safe = "offf"\n',
            "[outputs.lamp] safe: must be 'off' or 'on'; received \"offf\" (did you mean 'off'?)",
        ),
        (
            '[outputs.fan]\ntype = "pwm"\npin = 12\ninitial = "half"\n',
            "[outputs.fan] initial: must be 'off' or 'on' or a number from 0 to 1; received \"half\"",
        ),
        (
            '[outputs.arm]\ntype = "servo"\npin = 12\nmin_pulse_ms = 3\n',
            "[outputs.arm]: min_pulse_ms must be below max_pulse_ms, received 3.0 and 2.0",
        ),
        (
            '[outputs."my lamp"]\ntype = "led"\npin = 17\n',
            '[outputs."my lamp"]: an output\'s name begins with a letter',
        ),
        (
            LAMP + '[outputs.other]\ntype = "led"\npin = 17\n',
            "[outputs.other] pin: [outputs.lamp] has this pin already; received 17",
        ),
        ('[rules]\nwhen = "face"\n', "[rules]: must be a list of tables (each begins with the line [[rules]])"),
        ("rules = [3]\n", "[[rules]] no. 1: must be a table; received 3"),
    ],
)
def test_what_is_wrong_in_a_table(text: str, problem: str) -> None:
    (received,) = problems_of(text)
    assert received.startswith(problem)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('when = "face"', "do: is missing"),
        ('do = "lamp.on"', ": a rule has either `when` or `while`"),
        ('when = "face"\nwhile = "face"\ndo = "lamp.on"', ": a rule has either `when` or `while`"),
        ('while = "face"\nstate = "ended"\ndo = "lamp.on"', ": `state` goes with `when`"),
        ('while = "face"\ndo = "lamp.toggle"', ": `while` takes its action back"),
        ('when = "face"\nstate = "begun"\ndo = "lamp.on"', "state: must be 'started' or 'ended'; received \"begun\""),
        ('when = "face"\ndo = "lamp"', 'do: must be "output.action" such as "lamp.on", or a table with output and'),
        ('when = "face"\ndo = "lamp.onn"', "do: unknown action; received \"onn\" (did you mean 'on'?)"),
        ('when = "face"\ndo = { output = "lamp" }', "do.action: is missing (known are on, off,"),
        (
            'when = "face"\ndo = { output = "lamp", action = "blink", cuont = 3 }',
            "do.cuont: unknown key; received 3 (did you mean 'count'?)",
        ),
        (
            'when = "face"\ndo = { output = "lamp", action = "blink", count = 0 }',
            "do.count: must be greater than or equal to 1; received 0",
        ),
        ('when = "face"\ndo = "lmap.on"', "do: no such output; received \"lmap\" (did you mean 'lamp'?)"),
        (
            'when = "face"\ndo = "lamp.beep"',
            'do: a led can\'t beep; it knows blink, off, on, pulse, toggle; received "lamp.beep" (can do it: buzzer)',
        ),
        (
            'when = "face"\ndo = { output = "fan", action = "value", value = -0.5 }',
            "do.value: must be from 0 to 1 for a pwm; received -0.5",
        ),
        ('when = 3\ndo = "lamp.on"', "when: must be a valid string; received 3"),
        (
            'when = "gesture.plam"\ndo = "lamp.on"',
            "when: no such event; received \"gesture.plam\" (did you mean 'gesture.palm'?)",
        ),
        ('when = "gesture.none"\ndo = "lamp.on"', 'when: no such event; received "gesture.none" (it is the label'),
        (
            'while = "drowsiness.cannot_judge"\ndo = "lamp.on"',
            "while: no such event; received \"drowsiness.cannot_judge\" (did you mean 'drowsiness.cannot-judge'?)",
        ),
        (
            'when = "noise"\ndo = "lamp.on"',
            'when: no such event; received "noise" (events are gesture.…, emotion.…, drowsiness.…, face)',
        ),
        ('when = "face.palm"\ndo = "lamp.on"', "when: no such event; received \"face.palm\" (did you mean 'face'?)"),
    ],
)
def test_what_is_wrong_in_a_rule(rule: str, problem: str) -> None:
    (received,) = rule_problems(rule)
    assert received.removeprefix("[[rules]] no. 1").lstrip().startswith(problem)


def test_labels_are_those_of_the_bundles() -> None:
    leap = Labels(gestures=("01_palm", "02_l", "03_fist"))
    (received,) = rule_problems('when = "gesture.palm"\ndo = "lamp.on"', leap)
    assert "did you mean 'gesture.01_palm'?" in received
    sound = LAMP + '[[rules]]\nwhen = "gesture.02_l"\ndo = "lamp.on"\n'
    assert len(parse_config(sound, "vigil.toml", leap).config.rules) == 1


def test_all_problems_are_reported_not_only_the_first() -> None:
    text = """
        [camera]
        mirrow = true
        width_px = "640"
        [outputs.lamp]
        type = "led"
        pin = 17
        pinn = 18
        [outputs.buzzer]
        type = "buzzer"
        pin = 17
        [[rules]]
        when = "gesture.plam"
        do = "lmap.on"
        [[rules]]
        while = "face"
        do = "lamp.beep"
        """
    received = problems_of(text)
    places = [problem.partition(":")[0] for problem in received]
    assert places == [
        "[camera] width_px",
        "[camera] mirrow",
        "[outputs.lamp] pinn",
        "[[rules]] no. 1 when",
        "[[rules]] no. 1 do",
        "[outputs.buzzer] pin",
    ], "the lamp's own table is wrong, so nothing is known of what it can do"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"[camera\n", r"is not valid TOML: .*\(at line 1, column 8\)"),
        (b"[camera]\nmirror = \n", r"is not valid TOML: .*\(at line 2, column 10\)"),
        (b"[camera]\n[camera]\n", r"is not valid TOML: .*\(at line 2, column 8\)"),
        (b'[camera]\nsource = "\xff"\n', "line 2: is not UTF-8 text; save the file in that encoding"),
        (b"a = " + b"[" * 5000, "is not valid TOML: "),
        (b"#" * (1 << 20) + b"#", "is larger than 1048576 bytes: not a config of Vigil"),
    ],
)
def test_what_is_no_toml(tmp_path: Path, text: bytes, problem: str) -> None:
    file = tmp_path / "vigil.toml"
    file.write_bytes(text)
    with pytest.raises(ConfigProblemsError) as caught:
        load_config(file)
    assert re.match(f"{re.escape(str(file))}: {problem}", str(caught.value))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "vigil.toml"
    file.write_bytes(b"\xef\xbb\xbf[camera]\nmirror = true\n")
    assert load_config(file).camera.mirror


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblemsError, match=r"can't be read \(No such file or directory\); `vigil config init"):
        load_config(tmp_path / "none.toml")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblemsError, match=r"can't be read \(Is a directory\)$"):
        load_config(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file(tmp_path: Path) -> None:
    file = tmp_path / "vigil.toml"
    file.touch(mode=0)
    with pytest.raises(ConfigProblemsError, match="Permission denied"):
        load_config(file)


@pytest.mark.parametrize(("pin", "word"), [(0, "EEPROM"), (3, "pull-up"), (14, "serial console")])
def test_reserved_pins_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture, pin: int, word: str) -> None:
    file = tmp_path / "vigil.toml"
    file.write_text(f'[outputs.lamp]\ntype = "led"\npin = {pin}\n')
    (warning,) = check_config(file).warnings
    assert str(warning).startswith(f"[outputs.lamp] pin: GPIO{pin} may be in use")
    assert word in str(warning)
    load_config(file)
    assert word in caplog.text


@pytest.mark.parametrize(
    ("switch", "event"),
    [
        ("[detection] hands", "gesture.ok"),
        ("[detection] faces", "face"),
        ("[detection] faces", "emotion.happy"),
        ("[detection] faces", "drowsiness.sleep"),
        ("[emotion] enabled", "emotion.happy"),
        ("[drowsiness] enabled", "drowsiness.cannot-judge"),
    ],
)
def test_a_rule_on_what_is_switched_off_is_a_conflict(switch: str, event: str) -> None:
    table, key = switch.split()
    text = f'{LAMP}{table}\n{key} = false\n[[rules]]\nwhile = "{event}"\ndo = "lamp.on"\n'
    assert problems_of(text) == [
        f'[[rules]] no. 1 while: never happens, because {switch} is false; received "{event}" '
        "(set that to true, or delete this rule)"
    ]
    assert parse_config(text.replace("= false", "= true"), "vigil.toml").warnings == ()


@pytest.mark.parametrize("table", ["emotion", "drowsiness"])
def test_what_needs_faces_follows_them_unless_it_says_otherwise(table: str) -> None:
    config = parse_config("[detection]\nfaces = false\n", "vigil.toml").config
    assert not config.tells(table)
    assert problems_of(f"[detection]\nfaces = false\n[{table}]\nenabled = true\n") == [
        f"[{table}] enabled: can't be on, because [detection] faces is false; received true "
        "(set that to true, or delete this line)"
    ]
    assert not parse_config(f"[detection]\nfaces = false\n[{table}]\nenabled = false\n", "v").config.tells(table)


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("", {"faces", "hands", "emotion", "eyes", "gesture"}),
        ("[emotion]\nenabled = false\n", {"faces", "hands", "eyes", "gesture"}),
        ("[drowsiness]\nenabled = false\n", {"faces", "hands", "emotion", "gesture"}),
        ("[detection]\nhands = false\n", {"faces", "emotion", "eyes"}),
        ("[detection]\nfaces = false\n", {"hands", "gesture"}),
        ("[detection]\nfaces = false\nhands = false\n", set()),
    ],
)
def test_the_switches_decide_which_bundles_are_needed(text: str, tasks: set[str]) -> None:
    assert {task.value for task in parse_config(text, "vigil.toml").config.tasks} == tasks


def test_labels_come_from_manifests_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged bundle is refused when it is loaded; until then it must not stop a config that doesn't use it."""
    (tmp_path / "emotion").mkdir()
    (tmp_path / "emotion" / "manifest.json").write_text("{")
    assert labels_of(tmp_path) == Labels()
    assert "emotion" in caplog.text


def test_a_beep_keeps_its_pattern() -> None:
    text = (
        '[outputs.buzzer]\ntype = "buzzer"\npin = 18\n[[rules]]\nwhile = "drowsiness.sleep"\n'
        'do = { output = "buzzer", action = "beep", on_seconds = 0.1, off_seconds = 0.3, count = 4 }\n'
    )
    (rule,) = parse_config(text, "vigil.toml").config.rules
    assert rule.do == Beep(output="buzzer", on_seconds=0.1, off_seconds=0.3, count=4)


values = st.recursive(
    st.booleans()
    | st.integers(-100, 100)
    | st.floats()
    | st.sampled_from(["led", "face", "lamp.on", "gesture.palm", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "pin", "do", "when", "while", "output", "action", "source"]), inner)
    ),
    max_leaves=8,
)


def to_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(to_toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {to_toml(inner)}" for key, inner in value.items()) + "}"
    return repr(value)


@given(st.sampled_from(["camera", "gesture", "outputs", "outputs.lamp", "rules", "face", "other"]), values)
def test_whatever_stands_in_the_file_there_is_a_config_or_problems(key: str, value: object) -> None:
    with suppress(ConfigProblemsError):
        parse_config(f"{key} = {to_toml(value)}\n", "vigil.toml")
