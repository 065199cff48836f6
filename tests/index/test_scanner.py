"""Which files the scanner finds, why it leaves others out, and how their text is read."""

from __future__ import annotations

import os
import shutil
import tracemalloc
from pathlib import Path

import pytest

from recoder_lsp.index.files.scanner import Reason, Scanner, ScanRules, SourceText
from recoder_lsp.index.records import FileStamp


@pytest.fixture(autouse=True)
def no_settings_of_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)


def write(root: Path, *paths: str, text: str | bytes = "x\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode() if isinstance(text, str) else text)


def found(root: Path, rules: ScanRules | None = None) -> list[str]:
    return [found.path for found in Scanner(root, rules or ScanRules()).files()]


def refused(root: Path, rules: ScanRules | None = None) -> dict[Reason, int]:
    scanner = Scanner(root, rules or ScanRules())
    list(scanner.files())
    return dict(scanner.skipped)


def read(root: Path, text: str | bytes, name: str = "a.py", rules: ScanRules | None = None) -> SourceText | Reason:
    write(root, name, text=text)
    return Scanner(root, rules or ScanRules()).read(name)


def text_of(outcome: SourceText | Reason) -> str:
    assert isinstance(outcome, SourceText), outcome
    return outcome.text


# Which files


def test_files_come_sorted_with_size_and_time(tmp_path: Path) -> None:
    write(tmp_path, "b.py", "a.py", "z/a.py", "c/d/e.py", text="12345")
    os.utime(tmp_path / "a.py", ns=(0, 1_234_567_890))

    files = list(Scanner(tmp_path, ScanRules()).files())

    assert [each.path for each in files] == ["a.py", "b.py", "c/d/e.py", "z/a.py"]
    assert files[0].stamp == FileStamp(5, 1_234_567_890)


def test_every_reason_is_counted_files_and_whole_folders_once_each(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "ignored/one.py", "ignored/two.py", "skip/one.py", "node_modules/a/one.js", "node_modules/b/two.js")
    write(tmp_path, ".env", ".ssh/config", "image.PNG", "app.min.js", "yarn.lock")
    write(tmp_path, ".git/HEAD", ".hg/store", text="x")
    write(tmp_path, ".gitignore", text="ignored/\n")
    write(tmp_path, "large.py", text="x" * 101)
    (tmp_path / "link.py").symlink_to(tmp_path / "a.py")

    assert found(tmp_path, ScanRules(max_file_bytes=100, exclude=("/skip",))) == [".gitignore", "a.py"]
    assert refused(tmp_path, ScanRules(max_file_bytes=100, exclude=("/skip",))) == {
        Reason.IGNORED: 1,
        Reason.EXCLUDED: 1,
        Reason.VENDORED: 1,
        Reason.SECRET: 2,
        Reason.BINARY: 1,
        Reason.MINIFIED: 1,
        Reason.GENERATED: 1,
        Reason.TOO_LARGE: 1,
        Reason.LINK: 1,
    }


@pytest.mark.parametrize(
    ("path", "also_there"),
    [
        ("node_modules/a/index.js", ""),
        (".venv/lib/a.py", ""),
        ("environment/lib/a.py", "environment/pyvenv.cfg"),
        ("lib/python3.12/site-packages/a.py", ""),
        ("third_party/a.c", ""),
        ("vendor/github.com/a.go", "go.mod"),
        ("sub/vendor/a.php", "sub/vendor/autoload.php"),
        ("target/debug/a.rs", "Cargo.toml"),
        ("anything/a.txt", "anything/CACHEDIR.TAG"),
        ("dist/a.js", "package.json"),
        ("build/a.c", "build/CMakeCache.txt"),
    ],
)
def test_what_tools_put_there_is_left_out(tmp_path: Path, path: str, also_there: str) -> None:
    write(tmp_path, path, *([also_there] if also_there else []))

    assert path not in found(tmp_path)
    assert refused(tmp_path) == {Reason.VENDORED: 1}
    assert Scanner(tmp_path, ScanRules()).refusal(path) is Reason.VENDORED


@pytest.mark.parametrize("path", ["shop/vendor/model.py", "build/tasks.js", "target/shoot.py", "dist/normal.py", "deps/a.py", "env/a.py"])
def test_folders_of_people_with_the_names_of_tools_count(tmp_path: Path, path: str) -> None:
    write(tmp_path, path)

    assert found(tmp_path) == [path]


def test_links_are_never_followed_not_even_in_circles(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, "folder/a.py")
    write(tmp_path, "outside/b.py")
    (root / "folder" / "circle").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "gone.py").symlink_to("nowhere")
    scanner = Scanner(root, ScanRules())

    assert found(root) == ["folder/a.py"]
    assert refused(root) == {Reason.LINK: 3}
    for path in ("out/b.py", "folder/circle/folder/a.py", "gone.py", "../outside/b.py"):
        assert scanner.refusal(path) is not None
        assert isinstance(scanner.read(path), Reason)


def test_a_root_that_is_a_link_is_scanned(tmp_path: Path) -> None:
    write(tmp_path, "real/a.py")
    (tmp_path / "link").symlink_to("real")

    assert found(tmp_path / "link") == ["a.py"]
    assert text_of(Scanner(tmp_path / "link", ScanRules()).read("a.py")) == "x\n"


def test_include_brings_back_what_was_left_out_but_no_secrets(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="out/\n*.sql\n")
    write(
        tmp_path,
        "a.sql",
        "out/gen/b.py",
        "out/gen/.env",
        "out/gen/c.png",
        "out/other/d.py",
        "node_modules/ours/e.js",
        "node_modules/f/g.js",
    )
    write(tmp_path, "yarn.lock", "third_party/h.c")
    rules = ScanRules(include=("*.sql", "/out/gen", "node_modules/ours/**", "yarn.lock"))

    assert found(tmp_path, rules) == [".gitignore", "a.sql", "yarn.lock", "node_modules/ours/e.js", "out/gen/b.py"]
    scanner = Scanner(tmp_path, rules)
    assert scanner.refusal("out/gen/b.py") is None
    assert scanner.refusal("out/gen/.env") is Reason.SECRET
    assert scanner.refusal("out/other/d.py") is Reason.IGNORED


def test_an_ignored_folder_is_not_entered_for_globs_that_lead_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="out/\n")
    write(tmp_path, *(f"out/{i}/a.py" for i in range(5)), "elsewhere/a.py")

    assert refused(tmp_path, ScanRules(include=("elsewhere/*.py", "out2/**", "o/x/y"))) == {Reason.IGNORED: 1}


def test_exclude_wins_over_include(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py")

    assert found(tmp_path, ScanRules(include=("*.py",), exclude=("a.*",))) == ["b.py"]


def test_a_single_path_is_judged_as_the_scan_judges_it(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="*.log\n/build\n!keep.log\n")
    write(tmp_path, "src/.gitignore", text="!debug.log\n")
    write(
        tmp_path,
        "a.py",
        "a.log",
        "keep.log",
        "build/a.py",
        "src/debug.log",
        "src/other.log",
        "src/deep/debug.log",
        "a.png",
        ".env",
        "w.lock",
    )
    write(tmp_path, "package-lock.json", ".git/config", "node_modules/x.js", "data.csv", "CVS/Root", ".aws/config")
    write(tmp_path, "big.csv", text="1,2\n" * 50_000)
    (tmp_path / "linked").symlink_to("src")
    os.mkfifo(tmp_path / "pipe.py")
    scanner = Scanner(tmp_path, ScanRules())
    everything = [(Path(folder) / name).relative_to(tmp_path).as_posix() for folder, _, names in os.walk(tmp_path) for name in names]

    assert {path for path in everything if scanner.refusal(path) is None} == {each.path for each in scanner.files()}
    assert scanner.refusal("linked/debug.log") is Reason.LINK


@pytest.mark.parametrize("path", ["", "/", "/etc/passwd", "../a.py", "a/../../b.py", "a//b.py", "a\0b.py", "./a.py"])
def test_a_path_that_is_not_one_of_the_folders_is_refused(tmp_path: Path, path: str) -> None:
    scanner = Scanner(tmp_path, ScanRules())

    assert scanner.refusal(path) is Reason.EXCLUDED
    assert not scanner.worth_watching(path)
    assert isinstance(scanner.read(path), Reason)


def test_a_vanished_file_is_judged_by_its_name(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path, ScanRules())

    assert scanner.refusal("gone/a.py") is None
    assert scanner.refusal("gone/a.png") is Reason.BINARY
    assert scanner.read("gone/a.py") is Reason.UNREADABLE


# Races


def test_folders_and_files_that_vanish_meanwhile_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py", "c/d.py", "e/f.py")
    scanner = Scanner(tmp_path, ScanRules())

    files = scanner.files()
    assert next(files).path == "a.py"
    (tmp_path / "b.py").unlink()
    shutil.rmtree(tmp_path / "c")

    assert [each.path for each in files] == ["e/f.py"]
    assert scanner.skipped == {Reason.UNREADABLE: 2}


def test_a_missing_root_has_no_files_and_says_so(tmp_path: Path) -> None:
    assert found(tmp_path / "missing") == []
    assert refused(tmp_path / "missing") == {Reason.UNREADABLE: 1}


def test_a_name_that_is_not_unicode_is_counted(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.py")).touch()
    write(tmp_path, "café.py")

    assert found(tmp_path) == ["café.py"]
    assert refused(tmp_path) == {Reason.UNREADABLE: 1}


def test_a_file_replaced_by_a_pipe_a_folder_or_a_link_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    write(tmp_path, "real.py")
    (tmp_path / "link.py").symlink_to("real.py")
    scanner = Scanner(tmp_path, ScanRules())

    assert scanner.read("pipe.py") is Reason.BINARY
    assert scanner.read("folder.py") in (Reason.BINARY, Reason.UNREADABLE)
    assert scanner.read("link.py") is Reason.LINK


@pytest.mark.skipif(os.geteuid() == 0, reason="LOUD: the superuser may read everything")
def test_what_may_not_be_read_is_counted(tmp_path: Path) -> None:
    write(tmp_path, "closed/a.py", "b.py")
    (tmp_path / "b.py").chmod(0)
    (tmp_path / "closed").chmod(0)

    assert found(tmp_path) == ["b.py"]
    assert refused(tmp_path) == {Reason.UNREADABLE: 1}
    assert Scanner(tmp_path, ScanRules()).read("b.py") is Reason.UNREADABLE
    (tmp_path / "closed").chmod(0o700)


def test_a_large_tree_is_walked_while_it_is_read_and_not_held_in_memory(tmp_path: Path) -> None:
    write(tmp_path, "seed.py")
    for folder in range(200):
        (tmp_path / f"{folder}").mkdir()
        for file in range(100):
            os.link(tmp_path / "seed.py", tmp_path / f"{folder}" / f"{file}.py")
    scanner = Scanner(tmp_path, ScanRules())
    tracemalloc.start()

    files = scanner.files()
    next(files)
    shutil.rmtree(tmp_path / "99")
    n_files = 1 + sum(1 for _ in files)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_files == 1 + 199 * 100
    assert peak_bytes < 1_000_000


# Their text


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        ("größe = 'é'\n".encode(), "größe = 'é'\n", "utf-8"),
        ("\ufeffa = 1\n".encode(), "a = 1\n", "utf-8-sig"),
        ("a = 'é'\n".encode("utf-16"), "a = 'é'\n", "utf-16"),
        ("\ufeffa = 'é'\n".encode("utf-16-be"), "a = 'é'\n", "utf-16"),
        ("\ufeffa = 'é'\n".encode("utf-32-le"), "a = 'é'\n", "utf-32"),
        (
            "# -*- coding: iso-8859-15 -*-\nprice = '5 €'\n".encode("iso-8859-15"),
            "# -*- coding: iso-8859-15 -*-\nprice = '5 €'\n",
            "iso8859-15",
        ),
        ("# Written by André\n".encode("cp1252") + b"a = 1\n" * 20, "# Written by André\n" + "a = 1\n" * 20, "cp1252"),
        (b"a\r\nb\rc\n\r", "a\r\nb\nc\n\n", "utf-8"),
    ],
)
def test_text_is_decoded(tmp_path: Path, data: bytes, text: str, encoding: str) -> None:
    outcome = read(tmp_path, data)

    assert outcome == SourceText(text, outcome.stamp, encoding) if isinstance(outcome, SourceText) else pytest.fail(str(outcome))
    assert outcome.stamp.size_bytes == len(data)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("// Cette fonction vérifie l'état de la mémoire et réinitialise les données où c'est nécessaire\n", "latin-1"),
        ("# Эта функция проверяет состояние памяти и сбрасывает данные, если это нужно\n", "koi8-r"),
        ("# Эта функция проверяет состояние памяти и сбрасывает данные, если это нужно\n", "cp1251"),
        ("# この関数はメモリの状態を確認します。必要に応じてデータを初期化します\n", "shift_jis"),
        ("# この関数はメモリの状態を確認します。必要に応じてデータを初期化します\n", "euc_jp"),
        ("// 这个函数检查内存状态并在必要时重置数据\n", "gb2312"),
        ("# 이 함수는 메모리 상태를 확인하고 필요하면 초기화합니다\n", "euc_kr"),
        ("# Ta funkcja sprawdza stan pamięci i zażółć gęślą jaźń dane\n", "cp1250"),
    ],
)
def test_the_encoding_of_comments_is_recognised(tmp_path: Path, text: str, encoding: str) -> None:
    assert text_of(read(tmp_path, (text * 4).encode(encoding))) == text * 4


def test_noise_is_not_taken_for_text(tmp_path: Path) -> None:
    noise = bytes(range(128, 256)) * 8

    assert read(tmp_path, noise) is Reason.NOT_TEXT
    assert read(tmp_path, b"PK\x03\x04" + b"\0" * 100) is Reason.BINARY
    assert read(tmp_path, bytes(range(1, 9)) * 20) is Reason.BINARY
    assert read(tmp_path, b"\xff\xfea") is Reason.NOT_TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_null_character_is_no_text_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, "# he\0llo\n".encode(encoding)) is Reason.BINARY


def test_where_nothing_is_found_the_caller_hears_from_the_walk_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, "a.py", *(f"folder/{number}.png" for number in range(1000)))

    steps = list(Scanner(tmp_path, ScanRules()).looking())

    assert [step.path for step in steps if step is not None] == ["a.py"]
    assert len(steps) >= 1 + 2 + 10


@pytest.mark.parametrize(
    "head",
    [
        "# Code generated by protoc-gen-go. DO NOT EDIT.\n",
        "/**\n * @generated SignedSource<<abc>>\n */\n",
        "// <auto-generated>\n//   by a tool\n",
        "# This file is automatically generated by setup.py\n",
        "/* Automatically generated from spec.xml */\n",
        "// Generated by the protocol buffer compiler.  DO NOT EDIT!\n",
        "# DO NOT EDIT: this is generated from names.txt\n",
        "// Copyright 2024\n// Many lines of license\n\n// Code generated by mockgen.\n// DO NOT EDIT.\n\npackage mocks\n",
    ],
)
def test_what_says_that_it_is_generated_is_left_out(tmp_path: Path, head: str) -> None:
    assert read(tmp_path, head + "x = 1\n") is Reason.GENERATED
    assert isinstance(read(tmp_path, head + "x = 1\n", rules=ScanRules(include=("a.py",))), SourceText)


@pytest.mark.parametrize(
    "text",
    [
        '"""Writes the header of generated files."""\n\nHEADER = "Code generated by us. DO NOT EDIT."\n'.replace(
            "HEADER", "import os\nHEADER"
        ),
        "# Tests that auto-generated keys are returned.\n",
        "// Please do not edit the wiki page; see CONTRIBUTING.\n",
        "def is_generated(text):\n    return '@generated' in text\n",
    ],
)
def test_what_only_speaks_of_generating_counts(tmp_path: Path, text: str) -> None:
    assert text_of(read(tmp_path, text)) == text


def test_minified_code_is_left_out_and_ordinary_code_is_not(tmp_path: Path) -> None:
    minified = "function a(b){return b+1};" * 400
    ordinary = "def parse(text: str) -> list[str]:\n    return [part.strip() for part in text.split(',')]\n" * 100
    with_a_long_literal = ordinary + "TABLE = '" + "0123456789" * 300 + "'\n"
    prose = ("A paragraph that its author never broke into lines. " * 20 + "\n\n") * 20

    assert read(tmp_path, minified, "a.js") is Reason.MINIFIED
    assert read(tmp_path, "// license\n" * 30 + minified, "a.js") is Reason.MINIFIED
    assert text_of(read(tmp_path, ordinary)) == ordinary
    assert text_of(read(tmp_path, with_a_long_literal)) == with_a_long_literal
    assert text_of(read(tmp_path, prose, "a.md")) == prose


@pytest.mark.parametrize("label", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_a_private_key_is_never_read_even_if_included(tmp_path: Path, label: str) -> None:
    key = f"KEY = '''-----BEGIN {label}-----\nProc-Type: 4,ENCRYPTED\n\n{'MIIEpAIBAAKCAQEA' * 4}\n-----END {label}-----'''\n"

    assert read(tmp_path, "x = 1\n" + key, rules=ScanRules(include=("*",))) is Reason.SECRET


def test_code_about_private_keys_counts(tmp_path: Path) -> None:
    code = 'if "-----BEGIN PRIVATE KEY-----" in text or "-----BEGIN RSA PRIVATE KEY-----" in text:\n    refuse()\n'

    assert text_of(read(tmp_path, code)) == code


def test_a_secret_file_is_not_read_even_if_asked_for_by_name(tmp_path: Path) -> None:
    assert read(tmp_path, "TOKEN=1", ".env", ScanRules(include=(".env",))) is Reason.SECRET


def test_a_file_that_grew_since_it_was_found_is_too_large(tmp_path: Path) -> None:
    assert read(tmp_path, "x" * 101, rules=ScanRules(max_file_bytes=100)) is Reason.TOO_LARGE
    assert read(tmp_path, "1,2\n" * 30_000, "data.csv") is Reason.TOO_LARGE
    assert isinstance(read(tmp_path, "1,2\n" * 30_000, "data.csv", ScanRules(include=("*.csv",))), SourceText)


def test_worth_watching_is_about_names_alone(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="build/\n")
    write(tmp_path, "large.py", text="x" * 200)
    scanner = Scanner(tmp_path, ScanRules(max_file_bytes=100))

    assert [path for path in ("large.py", "gone.py", "src/", "src/.gitignore", ".gitignore") if not scanner.worth_watching(path)] == []
    assert [
        path for path in ("build/", "build/.gitignore", "a.png", ".git/", ".env", "node_modules/") if scanner.worth_watching(path)
    ] == []
