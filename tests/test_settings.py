"""The settings: precedence, frozenness, errors that name the place, and docs that list them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from judge.errors import SettingsError
from judge.settings import Settings, read_settings

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"JUDGE_{name.upper()}", raising=False)
    monkeypatch.delenv("JUDGE_CONFIG", raising=False)


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_loopback_and_a_file_beside_the_process() -> None:
    settings = read_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.database == "sqlite:///judge.db"
    assert settings.token_file is None


def test_settings_cannot_be_changed_after_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read_settings().port = 1


def test_a_flag_goes_before_the_environment_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _file(tmp_path, "host: 127.0.0.2\nport: 1111\nmax_body: 4096\n")
    monkeypatch.setenv("JUDGE_PORT", "2222")
    monkeypatch.setenv("JUDGE_HOST", "127.0.0.3")
    settings = read_settings(flags={"host": "127.0.0.4", "port": None}, config=config)
    assert (settings.host, settings.port, settings.max_body) == ("127.0.0.4", 2222, 4096)


def test_an_empty_variable_counts_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_PORT", "")
    assert read_settings(config=_file(tmp_path, "port: 1111\n")).port == 1111


def test_the_file_can_be_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_CONFIG", str(_file(tmp_path, "port: 1111\n")))
    assert read_settings().port == 1111


def test_named_servers_come_from_the_file_or_from_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _file(tmp_path, "prometheus:\n  main: {address: http://127.0.0.1:9090}\n")
    expected = {"main": {"address": "http://127.0.0.1:9090"}}
    assert read_settings(config=config).prometheus == expected
    monkeypatch.setenv("JUDGE_PROMETHEUS", '{"main": {"address": "http://127.0.0.1:9090"}}')
    assert read_settings().prometheus == expected


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert read_settings(config=_file(tmp_path, "# nothing\n")) == read_settings()


def test_a_bad_flag_is_named_with_what_would_do() -> None:
    with pytest.raises(SettingsError, match=r"^--port: .*65535.*70000.*0 takes any free one"):
        read_settings(flags={"port": 70000})


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError, match=r"^JUDGE_LOG_FORMAT: .*'text' or 'json'.*'xml'"):
        read_settings()


def test_a_variable_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_PROMETHEUS", "main=http://127.0.0.1:9090")
    with pytest.raises(SettingsError, match=r"^JUDGE_PROMETHEUS: must be a JSON object"):
        read_settings()


def test_a_bad_value_in_the_file_has_its_line(tmp_path: Path) -> None:
    config = _file(tmp_path, "host: 127.0.0.1\nport: http\n")
    with pytest.raises(SettingsError, match=r"settings\.yaml:2:1: port: .*'http'"):
        read_settings(config=config)


def test_an_unknown_setting_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    config = _file(tmp_path, "\nprot: 1\n")
    with pytest.raises(SettingsError, match=r"settings\.yaml:2:1: prot: .*did you mean port\?"):
        read_settings(config=config)


def test_what_may_hold_a_password_is_not_repeated(tmp_path: Path) -> None:
    config = _file(tmp_path, "prometheus: {main: 'http://user:hunter2@prometheus'}\n")
    with pytest.raises(SettingsError, match=r"prometheus\.main: ") as caught:
        read_settings(config=config)
    assert "hunter2" not in str(caught.value)


def test_every_bad_setting_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(flags={"port": -1, "max_body": 1}, config=_file(tmp_path, "zz: 1\n"))
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- port\n", "must be a mapping"),
        ("1: port\n", "must be a mapping"),
        ("port: 1\nport: 2\n", "duplicate key"),
        ("port: [\n", "is no YAML"),
    ],
    ids=["a list", "keys that are no names", "a key twice", "broken"],
)
def test_a_file_that_is_no_settings_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=r"(?s)settings\.yaml: .*" + said):
        read_settings(config=_file(tmp_path, text))


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the settings file: No such file"):
        read_settings(config=tmp_path / "none.yaml")


def test_every_setting_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert len(field.description) > 40, name


def test_the_docs_list_every_setting_with_its_variable_and_its_text() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        row = f"| `{name}` | `JUDGE_{name.upper()}` | "
        assert row in text, name
        assert (field.description or "").replace("|", "\\|") in text, name
