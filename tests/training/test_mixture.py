"""What is learnt from, how much of it, and what is kept away."""

import json

import pytest

from recoder_lsp.training import mixture
from recoder_lsp.training.corpus import Document

NAMES = [f"pypi:package{number}" for number in range(400)]


def document(package="pypi:a", path="a/b.py", language="python", text="x = 1\n"):
    return Document(package, path, language, text)


def test_one_package_in_twenty_is_held_out_and_always_the_same():
    held_out = mixture.held_out(NAMES)

    assert 8 <= len(held_out) <= 36
    assert held_out == mixture.held_out(reversed(NAMES))
    assert held_out & set(NAMES[:200]) == mixture.held_out(NAMES[:200])


def test_what_an_earlier_edition_learnt_from_is_never_held_out_and_what_it_did_not_still_is(tmp_path):
    usual = mixture.held_out(NAMES)
    learnt, kept_away = min(usual), min(set(NAMES) - usual)
    rows = [
        {"registry": "pypi", "name": name.split(":")[1], "repository": "", "held_out": name == kept_away} for name in (learnt, kept_away)
    ]
    (tmp_path / "corpus.json").write_text(json.dumps(rows))

    held_out = mixture.held_out(NAMES, tmp_path / "corpus.json")

    assert held_out == usual - {learnt} | {kept_away}


@pytest.mark.parametrize("learnt", [f"npm:package{number}" for number in range(40)])
def test_a_project_is_never_held_out_under_one_name_and_learnt_under_another(tmp_path, learnt):
    homes = {learnt: "", learnt.replace("npm:", "debian:node-"): "some/home", "pypi:elsewhere": "some/home"}
    rows = [{"registry": package.split(":")[0], "name": package.split(":")[1], "repository": home} for package, home in homes.items()]
    (tmp_path / "manifest.json").write_text(json.dumps({"packages": rows}))

    assert mixture.held_out(homes, manifest=tmp_path / "manifest.json") in (set(), set(homes))


def test_a_project_of_which_an_earlier_edition_learnt_a_part_is_not_held_out(tmp_path):
    usual = min(mixture.held_out(NAMES))
    rows = [
        {"registry": "npm", "name": "gone", "repository": "some/home", "held_out": False},
        {"registry": "pypi", "name": usual.split(":")[1], "repository": "some/home", "held_out": True},
    ]
    (tmp_path / "corpus.json").write_text(json.dumps(rows))

    assert usual not in mixture.held_out(NAMES, tmp_path / "corpus.json")


def test_the_tokenizer_sees_each_line_of_a_file_once_and_little_of_one_package():
    texts = list(mixture.for_tokenizer([document(text="a\nb\na\n"), *(document("pypi:large", text="x" * 50_000) for _ in range(5))]))

    assert texts[0] == "a\nb\n"
    assert sum(map(len, texts[1:])) == 100_000


def test_every_language_gets_its_share():
    documents = [
        document(f"{language}:{number}", f"{number}.x", language, "y" * 1000) for language in mixture.SHARES for number in range(100)
    ]

    chosen = mixture.for_training(documents, 100_000)

    characters = {language: sum(len(d.text) for d in chosen if d.language == language) for language in mixture.SHARES}
    assert characters == {language: pytest.approx(share * 100_000, abs=1_000) for language, share in mixture.SHARES.items()}


def test_packages_are_learnt_whole():
    documents = [document(f"pypi:{number % 10}", f"{number}.py", text="z" * 1000) for number in range(100)]

    chosen = mixture.for_training(documents, 100_000)

    sizes = sorted(sum(d.package == f"pypi:{number}" for d in chosen) for number in range(10))
    assert sizes == [0] * 7 + [10] * 3


def test_some_tests_and_some_documentation_are_left_out():
    text = 'def f():\n    """Say it."""\n    return 1\n'
    documents = [document("pypi:a", f"tests/test_{number}.py", text=text) for number in range(200)]

    chosen = mixture.for_training(documents, 1e6)

    assert 30 <= len(chosen) <= 90
    assert 0.4 < sum("Say" not in d.text for d in chosen) / len(chosen) < 0.8
