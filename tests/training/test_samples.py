"""Training samples show what the server will show: layouts, related code, thinned imports, ends of insertions."""

import re

import pytest

from recoder_lsp.engine.fim import MAX_PATH_TOKENS
from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.cuts import CLOSERS
from recoder_lsp.training.samples import RowMaker
from recoder_lsp.training.sharding import tokenised
from recoder_lsp.training.shards import Shards
from recoder_lsp.training.snippets import MOST_LINES, MOST_SNIPPETS
from tests.training.sampled import PIECES, document, infilled, maker_of, samples_in, samples_of, text_of, tokenize

PLAIN = [
    document(
        f"p/file{number}.py",
        "".join(f"def f{number}_{line}(first, second):\n    return first + {line} * second\n\n\n" for line in range(30)),
    )
    for number in range(6)
]
JOBS = [f"{verb}_the_{thing}" for verb in ("open", "close", "count", "mend") for thing in ("harbour", "orchard", "library", "kitchen")]
LIBRARY = "".join(
    f"""def {job}(first, second):
    '''Do the job: {job}.'''
    if first:
        return {job!r} + second
    return first


"""
    for job in JOBS
)
USER = "from p.library import *\n\n\n" + "".join(
    f"""def step_{number}(value):
    before = value * {number}
    result_{number} = {job}(value, before)
    return result_{number}


"""
    for number, job in enumerate(JOBS)
)
PACKAGE = [document("p/library.py", LIBRARY), document("p/user.py", USER), document("p/other.py", PLAIN[0].text)]


def test_prefix_insertion_and_suffix_join_to_the_file():
    samples = infilled(PLAIN, n_rows=150)
    sources = {source.path: source.text for source in PLAIN}

    assert all(sample.left + sample.suffix in sources[sample.path] for sample in samples if sample.suffix)
    assert all(sample.left in sources[sample.path] for sample in samples)
    assert sum(sample.insertion is None for sample in samples) > 100
    assert sum(sample.insertion is not None for sample in samples) > 25


def test_a_sample_from_farther_down_begins_with_a_whole_line_and_its_indentation():
    lines = {line for source in PLAIN for line in source.text.split("\n")}
    from_farther_down = [sample.left for sample in infilled(PLAIN) if sample.left.startswith("\n") and sample.left.count("\n") > 1]

    assert len(from_farther_down) > 20
    assert all(left.split("\n")[1] in lines for left in from_farther_down)


def test_the_text_after_the_caret_ends_with_a_whole_line():
    sources = {source.path: source.text + "\n" for source in PLAIN}

    for sample in infilled(PLAIN):
        if "\n" in sample.suffix:
            assert sample.suffix + "\n" in sources[sample.path]


def test_a_sample_of_text_alone_ends_where_the_file_ends():
    row = maker_of([document("a.py", "x = 1\n")]).row(0, 64)

    assert row[: len(tokenize("a.py\nx = 1\n")) + 3] == [t.BOS, t.FIM_SEPARATOR, *tokenize("a.py\nx = 1\n"), t.EOS]


def test_what_is_left_of_a_row_is_not_learnt():
    row = maker_of([document("a.py", "x = 1\n")]).row(0, 64)

    # The loss leaves out every beginning: train._targets.
    assert set(row[-20:]) == {t.BOS}


def test_a_long_path_is_cut_as_the_server_cuts_it():
    path = "very/" * 20 + "deep.py"

    sample = samples_of([document(path, PLAIN[0].text)], n_rows=1)[0]

    assert sample.path == path[-MAX_PATH_TOKENS:]


def test_rows_can_be_made_in_any_order_and_by_several():
    one, other = maker_of(PACKAGE), maker_of(PACKAGE)
    in_order = [one.row(index, 512) for index in range(30)]

    assert [other.row(index, 512) for index in reversed(range(30))] == in_order[::-1]
    assert maker_of(PACKAGE, seed=4).row(0, 512) != in_order[0]


@pytest.mark.parametrize("length", [256, 1024])
def test_every_file_comes_once_before_any_comes_again(length):
    maker = maker_of(PLAIN)
    n_rows = maker.rows_in_an_epoch(length)
    paths = [
        {sample.path for index in range(start, start + n_rows) for sample in samples_in(maker.row(index, length))} for start in (0, n_rows)
    ]

    assert paths == [{source.path for source in PLAIN}] * 2


def test_an_epoch_has_hardly_more_tokens_than_the_files():
    shards = tokenised(PLAIN, tokenize)

    n_tokens = maker_of(PLAIN).rows_in_an_epoch(512) * 512

    assert len(shards.tokens) * 0.8 < n_tokens < len(shards.tokens) * 1.6


def test_related_code_is_shown_in_about_half_of_the_samples():
    samples = infilled(PACKAGE, n_rows=200)

    assert 0.3 < sum(bool(sample.context) for sample in samples) / len(samples) < 0.65


def test_definitions_that_the_last_lines_use_are_shown_last():
    shown = [sample for sample in infilled(PACKAGE, n_rows=600) if sample.path == "p/user.py" and len(sample.context) > 1]

    def uses(sample, snippet):
        path, text = snippet
        name = text.partition("(")[0].removeprefix("def ")
        return path == "p/library.py" and text.startswith("def ") and name in "\n".join(sample.left.split("\n")[-3:])

    assert len(shown) > 20
    assert sum(uses(sample, sample.context[-1]) for sample in shown) > 0.6 * len(shown)
    assert sum(uses(sample, sample.context[0]) for sample in shown) < 0.2 * len(shown)


def test_snippets_are_pieces_of_other_files_and_take_a_third_at_most():
    sources = {source.path: source.text for source in PACKAGE}
    for sample in infilled(PACKAGE, n_rows=200):
        assert len(sample.context) <= MOST_SNIPPETS
        assert sample.n_context_tokens <= sample.n_tokens / 2
        for path, snippet in sample.context:
            assert path != sample.path
            assert snippet in sources[path]
            assert snippet.strip()
            assert snippet.count("\n") < MOST_LINES


def test_a_snippet_of_whole_lines_keeps_its_indentation():
    first_lines = {snippet.partition("\n")[0] for sample in infilled(PACKAGE, n_rows=200) for _, snippet in sample.context}

    assert "    return first + 3 * second" in first_lines or any(line.startswith("    ") for line in first_lines)


def test_nothing_is_shown_that_repeats_the_file():
    twins = [*PACKAGE, document("build/lib/user.py", USER.replace("    ", "\t")), document("q/copy.py", USER + "x = 1\n")]

    for sample in infilled(twins, n_rows=150):
        if "user" in sample.path or "copy" in sample.path:
            assert not {path for path, _ in sample.context} & {"p/user.py", "build/lib/user.py", "q/copy.py"}


def test_a_file_alone_in_its_package_has_no_related_code():
    alone = [document("p/user.py", USER, package="one"), document("p/library.py", LIBRARY, package="two")]

    assert not any(sample.context for sample in infilled(alone))


def test_insertions_end_at_line_ends_mostly_and_else_in_words_and_before_closers():
    samples = [sample for sample in infilled(PACKAGE, n_rows=300) if sample.suffix]
    at_end = [sample for sample in samples if sample.suffix.startswith("\n")]
    in_line = [sample for sample in samples if not sample.suffix.startswith("\n")]

    assert 0.6 < len(at_end) / len(samples) < 0.85
    assert sum(sample.left[-1:].isalnum() and sample.suffix[0].isalnum() for sample in in_line) > 0.15 * len(in_line)
    assert sum(sample.suffix[0] in CLOSERS for sample in in_line) > 0.2 * len(in_line)


def test_insertions_begin_at_line_starts_between_tokens_and_in_words():
    prefixes = [
        (sample.left.removesuffix(sample.insertion), sample.insertion) for sample in infilled(PACKAGE, n_rows=400) if sample.insertion
    ]
    last_lines = [(prefix.rpartition("\n")[2], insertion) for prefix, insertion in prefixes]

    assert sum(not line.strip() for line, _ in last_lines) > 0.25 * len(prefixes)
    assert any(line == "" and insertion.startswith("    ") for line, insertion in last_lines)
    assert sum(line[-1:].isalnum() and insertion[0].isalnum() for line, insertion in last_lines) > 0.1 * len(prefixes)
    assert any("\n" in insertion.strip() for _, insertion in last_lines)


IMPORTS = {
    "python": (
        "import os\nfrom a.b import (\n    one,\n    two,\n)\nfrom c import d\n",
        "x = 1  # import nothing\nfor line in range(10):\n    import late\n",
    ),
    "javascript": (
        "import a from './a'\nimport { b,\n  c } from \"bc\";\nimport 'd';\nconst e = require('e');\nconst { f } = require('./f')\n",
        "const g = require;\nimportant('h')\n",
    ),
    "typescript": ("import type { A } from './a';\nimport * as b from 'b';\nexport { c } from './c';\n", "export const d = 'from';\n"),
    "go": ('import "fmt"\nimport (\n\t"os"\n\talias "path/filepath"\n)\n', 'package p\n\nfunc f() {\n\tprint("os", 1)\n}\n'),
    "rust": ("use std::io;\npub use crate::a::{b,\n    c};\nuse d::*;\n", "fn used() {\n    let user = 1;\n}\n"),
    "java": ("import java.util.List;\nimport static a.B.*;\n", "class Important {\n    int imported = 1;\n}\n"),
    "c": ('#include <stdio.h>\n#include "a.h"\n', "#define include 1\nint main(void) {\n    return 0;\n}\n"),
}


@pytest.mark.parametrize("language", IMPORTS)
def test_imports_are_left_out_at_times_and_nothing_else(language):
    imports, rest = IMPORTS[language]
    rest += "".join(f"{'#' if language == 'python' else '//'} line {number}\n" for number in range(20))
    samples = infilled([document("a", imports + rest, language)], n_rows=60, length=512)
    texts = [text for sample in samples if sample.suffix and rest[:30] in (text := sample.left + sample.suffix)]

    assert sum(text.startswith(imports) for text in texts) > 5
    for statement in re.split(r"\n(?!\s|\}|\))", imports.rstrip("\n")):
        if not statement.startswith("import ("):
            assert sum(statement not in text for text in texts) > 3
    for text in texts:
        above, found, _ = text.partition(rest[:30])
        assert set(above.split("\n")) <= set(imports.split("\n"))
        assert "\n\n" not in above
        assert rest.startswith(found + text.partition(found)[2])


@pytest.mark.parametrize("above", ["", "/* Licensed to the harbour. */\n"])
def test_imports_at_the_very_top_are_left_out_as_often_as_the_others(above):
    imports = [f"import {{ {name} }} from './{name}'\n" for name in ("anchor", "beacon", "cargo", "dinghy")]
    body = "".join(f"export function f{number}(first, second) {{\n  return first + {number} * second\n}}\n\n" for number in range(12))
    samples = infilled([document("a.js", above + "".join(imports) + body, "javascript")], n_rows=300)
    texts = [text for sample in samples if "f0(" in (text := sample.left + sample.suffix)]

    shares = [sum(statement not in text for text in texts) / len(texts) for statement in imports]

    # Half of them in half of the samples, and now and then the sample has no room for the first ones.
    assert all(0.18 < share < 0.45 for share in shares)


DOCUMENTED = {
    "python": ("def mend(boat):\n", '    """Mend a boat."""\n', "    return boat.mended\n", "def mend"),
    "javascript": ("", "/**\n * Mend a boat.\n */\n", "function mend(boat) {\n  return boat.mended;\n}\n", "function mend"),
    "typescript": ("", "/** Mend a boat. */\n", "export function mend(boat: Boat): Boat {\n  return boat;\n}\n", "export function mend"),
    "go": ("", "// Mend mends a boat.\n// It takes a day.\n", "func Mend(boat Boat) Boat {\n\treturn boat\n}\n", "func Mend"),
    "rust": ("", "/// Mend a boat.\n", "pub fn mend(boat: Boat) -> Boat {\n    boat\n}\n", "pub fn mend"),
    "java": (
        "class Yard {\n",
        "    /** Mend a boat. */\n",
        "    Boat mend(Boat boat) {\n        return boat;\n    }\n}\n",
        "    Boat mend",
    ),
    "c": ("", "/* Mend a boat. */\n", "int mend(int boat) {\n    return boat;\n}\n", "int mend"),
}


@pytest.mark.parametrize("language", DOCUMENTED)
def test_some_insertions_are_a_documentation_or_a_name_with_the_code_below_them(language):
    head, documentation, body, named = DOCUMENTED[language]
    texts = [f"{head}{documentation}{body}".replace("end", f"end{letter}") for letter in "abcdef"]
    samples = [sample for sample in infilled([document("a", "\n".join(texts), language)], n_rows=600, length=256) if sample.suffix]
    behind_docs = [sample for sample in samples if re.sub("end[a-f]", "end", sample.left).endswith(documentation.rstrip("\n"))]
    behind_names = [sample for sample in samples if re.sub("end[a-f]", "end", sample.left).endswith(named)]

    assert all(re.sub("end[a-f]", "end", sample.suffix).startswith("\n" + body[:20]) for sample in behind_docs)
    assert any(re.sub("end[a-f]", "end", sample.insertion or "") == documentation.strip() for sample in behind_docs)
    assert sum(sample.suffix.startswith("(") and "boat" in sample.suffix for sample in behind_names) > 10


def test_a_file_that_its_tokens_do_not_spell_makes_samples_without_relations():
    def forgetful(text):
        return tokenize(text.replace("=", ""))

    shards = tokenised(PACKAGE, forgetful)
    maker = RowMaker(shards, PIECES, forgetful, seed=1)

    assert all(len(maker.row(index, 512)) == 512 for index in range(20))


def test_shards_survive_the_disk_and_a_journey(tmp_path):
    shards = tokenised(PACKAGE, tokenize)

    shards.save(tmp_path / "shards.npz")
    shards.save(tmp_path / "quick.npz", compressed=False)
    parts = shards.save_parts(tmp_path / "parts", 1_000)

    assert len(parts) > 1
    assert all(part.stat().st_size <= 1_000 for part in parts)
    for copy in (Shards.load(tmp_path / "shards.npz"), Shards.load(tmp_path / "quick.npz"), Shards.load_parts(tmp_path / "parts")):
        assert text_of(copy.file(1)) == LIBRARY or text_of(copy.file(0)) == LIBRARY
        assert (copy.paths, copy.size_bytes) == (shards.paths, shards.size_bytes)
        assert all((copy._arrays()[name] == array).all() for name, array in shards._arrays().items())


def test_parts_of_larger_shards_from_before_do_not_get_in(tmp_path):
    larger, smaller = tokenised(PACKAGE, tokenize), tokenised(PACKAGE[:1], tokenize)

    assert len(larger.save_parts(tmp_path, 500)) > len(smaller.save_parts(tmp_path, 500)) > 1

    assert Shards.load_parts(tmp_path).paths == smaller.paths


def test_shards_that_did_not_arrive_whole_are_refused(tmp_path):
    tokenised(PACKAGE, tokenize).save_parts(tmp_path, 1_000)[-1].unlink()

    with pytest.raises(ValueError, match="Copy them again"):
        Shards.load_parts(tmp_path)


def test_empty_shards_survive_too(tmp_path):
    shards = tokenised([], tokenize)

    shards.save_parts(tmp_path)

    assert Shards.load_parts(tmp_path).paths == []


def test_two_processes_make_the_same_shards_as_one():
    documents = [*PACKAGE, *(document(f"{number}.py", USER, package=f"q{number}") for number in range(5))]
    one, two = tokenised(documents, tokenize), tokenised(documents, tokenize, processes=2)

    assert all((two._arrays()[name] == array).all() for name, array in one._arrays().items())


def test_ids_of_a_large_vocabulary_have_room():
    shards = tokenised([document("a.py", "ab")], lambda text: [70_000 + ord(character) for character in text])

    assert shards.file(0).tolist() == [70_097, 70_098]
