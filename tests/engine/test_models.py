"""Finding model files."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoder_lsp.engine import models
from recoder_lsp.engine.models import ModelNotFound, resolve


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home" / "models").mkdir(parents=True)
    return {"RECODER_HOME": str(tmp_path / "home")}


def test_the_embedded_model_lies_inside_the_package() -> None:
    assert models.embedded().parts[-3:] == ("recoder_lsp", "models", "recoder-code.gguf")


@pytest.mark.parametrize("setting", ["embedded", ""])
def test_embedded_is_the_model_of_the_package(setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "code.gguf").touch()
    monkeypatch.setattr(models, "embedded", lambda: tmp_path / "code.gguf")

    assert resolve(setting, {}) == tmp_path / "code.gguf"


def test_a_package_without_its_model_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "embedded", lambda: tmp_path / "gone.gguf")

    with pytest.raises(ModelNotFound, match=r"gone\.gguf") as caught:
        resolve("embedded", {})

    assert "Install recoder-lsp again" in caught.value.hint


def test_a_path_is_taken_as_it_is(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "own.gguf").touch()

    assert resolve(str(tmp_path / "own.gguf"), environ) == tmp_path / "own.gguf"


def test_a_tilde_is_the_home_folder(tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "own.gguf").touch()

    assert resolve("~/own.gguf", environ) == tmp_path / "own.gguf"


@pytest.mark.parametrize("name", ["starcoder.gguf", "starcoder"])
def test_a_name_is_looked_for_in_the_users_model_folder(name: str, tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "home" / "models" / "starcoder.gguf").touch()

    assert resolve(name, environ) == tmp_path / "home" / "models" / "starcoder.gguf"


@pytest.mark.parametrize("name", ["starcoder.gguf", "starcoder"])
def test_a_file_in_the_working_directory_does_not_answer_to_a_name(
    name: str, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ModelNotFound) as caught:
        resolve(name, environ)

    assert caught.value.message.endswith(f"looked at {tmp_path / 'home' / 'models' / name}, {tmp_path / 'home' / 'models' / name}.gguf.")


def test_a_path_with_a_separator_is_relative_to_the_working_directory(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.gguf").touch()
    monkeypatch.chdir(tmp_path / "home")

    assert resolve("../own.gguf", environ).samefile(tmp_path / "own.gguf")


def test_a_folder_is_not_a_model(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "home" / "models" / "starcoder").mkdir()
    (tmp_path / "home" / "models" / "starcoder.gguf").touch()

    assert resolve("starcoder", environ).name == "starcoder.gguf"


@pytest.mark.parametrize("name", ["x" * 300, "nowhere", "some/folder/nowhere.gguf", "~nobody-of-this-name/x.gguf", "nul\0byte"])
def test_what_is_not_found_is_answered_with_every_place_looked_at(name: str, tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ModelNotFound) as caught:
        resolve(name, environ)

    assert caught.value.hint
    if "/" not in name:
        assert str(tmp_path / "home" / "models") in caught.value.message


def test_a_relative_path_does_not_lead_out_of_the_model_folder(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "home" / "secret.gguf").touch()

    with pytest.raises(ModelNotFound):
        resolve("../secret.gguf", environ)
