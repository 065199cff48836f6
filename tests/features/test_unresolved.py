"""Names of ghost text that resolve nowhere: what counts, and what does not."""

import pytest

from recoder_lsp.features.unresolved import unresolved_names
from tests.proportion import assert_in_proportion


def unresolved(text: str, language: str = "python", before: str = "", known: str = "") -> int:
    return unresolved_names(text, known.split().__contains__, language, before)


@pytest.mark.parametrize(
    ("text", "known", "n"),
    [
        ("return total", "", 1),
        ("return total", "total", 0),
        ("return total + total", "", 1),
        ("total = sum(values) / len(values)", "values", 0),
        ("first, *rest = values", "values", 0),
        ("if (n := count(values)) > n:", "count values", 0),
        ("for number, line in enumerate(lines):\n    print(number, line)", "lines", 0),
        ("return [word.lower() for word in words]", "words", 0),
        ("key=lambda pair, n=1: pair[n]", "", 0),
        ("def area(r, *, pi: float = 3.0) -> float:\n    return pi * r", "", 0),
        ("class Area(Shape):", "", 1),
        ("with open(path) as file, lock() as held:\n    held(file)", "path lock", 0),
        ("except OSError as error:\n    raise error", "", 0),
        ("from pathlib import Path\nhome = Path()", "", 0),
        ("import numpy as np\nnp", "", 0),
        ("call(size=1, colour=red)", "call", 1),
        ("names: list[Name] = []", "", 1),
        ("self.total.append(1)", "", 1),
        ("self.total.append(1)", "total", 0),
        ("total.value", "total", 1),
        ("'total' + \"more\" + '''many\nlines'''", "", 0),
        ("x = 1  # total of all", "", 0),
        ('f"{total} of {many:>{width}}, not {1 + count!r}"', "", 4),
        ("0xff + 1e5 + 10_000", "", 0),
        ("__name__ == '__main__'", "", 0),
        ("match total:\n    case 1:", "total", 0),
        ("'unfinished", "", 0),
    ],
)
def test_names_of_python(text, known, n):
    assert unresolved(text, known=known) == n


@pytest.mark.parametrize(
    ("text", "known", "n"),
    [
        ("return total;", "", 1),
        ("return total;", "total", 0),
        ("const { a, b: [c, ...d] } = value; a(c, d);", "value", 0),
        ("let i = 0, n = items.length;", "items", 0),
        ("for (const [key, item] of items.entries()) { use(key, item); }", "items use", 0),
        ("items.map((item, i) => item + i)", "items", 0),
        ("items.map(item => item.size)", "items", 0),
        ("items.map(item => other)", "items", 1),
        ("function area(r, { pi = 3 }) { return pi * r; }", "", 0),
        ("async load(path: string, deep?: boolean): Promise<void> {", "", 0),
        ("try { f(); } catch (problem) { log(problem); }", "f log", 0),
        ("import { readFile } from 'fs'; readFile();", "", 0),
        ("class A extends Base {", "", 1),
        ("({ size: 1, [key]: 2 })", "key", 0),
        ("this.total?.forEach(print)", "print", 1),
        ("if (total) {", "", 1),
        ("`${total} of ${count + 1}, not this`", "", 2),
        ("x = text.replace(/some[/]thing else/g, '') // and more", "text", 0),
        ("a /b/ c", "a b c", 0),
        ("/* why", "", 0),
        ("value as Total", "value", 1),
        ("JSON.stringify(value)", "value", 0),
        ("$total + _rest", "", 2),
    ],
)
def test_names_of_typescript(text, known, n):
    assert unresolved(text, "typescript", known=known) == n


def test_the_word_before_the_caret_belongs_to_the_name():
    assert unresolved("al + 1", before="x = tot", known="total") == 0
    assert unresolved("al + 1", before="x = tot") == 1
    assert unresolved(" + 1", before="x = total") == 0


def test_a_member_of_what_stands_before_the_caret_is_a_member():
    assert unresolved("append(1)", before="x.") == 0
    assert unresolved("enumerate", before="x.") == 1


def test_what_the_line_has_defined_before_the_caret_is_known():
    assert unresolved("word.lower())", "typescript", before="words.map((word) => ", known="lower") == 0


@pytest.mark.parametrize("before", ["# ", 'x = "', '"""Say\n', "def f():\n    '''"])
def test_in_comments_and_texts_there_are_no_names(before):
    assert unresolved("what it is", before=before) == 0


def test_between_tags_there_is_prose():
    assert unresolved("<p>Some words</p>", "typescriptreact") == 0
    assert unresolved("return words;", "typescriptreact") == 1


@pytest.mark.parametrize("language", ["go", "plaintext", ""])
def test_other_languages_are_not_judged(language):
    assert unresolved("return total", language) == 0


@pytest.mark.parametrize("language", ["python", "typescript"])
@pytest.mark.parametrize("unit", ["a, ", "a ", "(", "(a) => ", "f'{", "`${", "/", "for a in ", "x = "])
def test_a_text_is_judged_in_proportion_to_its_length(unit, language):
    assert_in_proportion(lambda n: unresolved(unit * (n // len(unit)), language), 500)
