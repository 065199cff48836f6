"""Prompts: their order, what they leave out, and that typing changes only their end."""

import itertools
import re
from types import SimpleNamespace

import pytest

from recoder_lsp.engine.fim import BLOCK_LINES, Budget, Layout, Place, Prompter, Snippet, layout_of

BOS, PREFIX, SUFFIX, MIDDLE, SEPARATOR = range(1, 6)
NAMES = {BOS: "<bos>", PREFIX: "<pre>", SUFFIX: "<suf>", MIDDLE: "<mid>", SEPARATOR: "<sep>"}


class Words:
    """A vocabulary of words, each with the space before it; a line end is a token with its indentation."""

    def __init__(self, *, middle=MIDDLE, separator=SEPARATOR, prefix=PREFIX, metadata=None):
        self.special = SimpleNamespace(bos=BOS, fim_prefix=prefix, fim_suffix=SUFFIX, fim_middle=middle, fim_separator=separator)
        self.metadata = {"tokenizer.ggml.model": "llama"} | (metadata or {})
        self.adds_bos = True
        self.words = ["", *NAMES.values()]
        self.tokenised = 0

    def tokenize(self, text):
        self.tokenised += len(text)
        tokens = []
        for word in re.findall(r"\n[ \t]*| ?\w+|.", text, re.DOTALL):
            if word not in self.words:
                self.words.append(word)
            tokens.append(self.words.index(word))
        return tokens

    def piece(self, token):
        return b"" if token in NAMES else self.words[token].encode()

    def text(self, tokens):
        return "".join(self.words[token] for token in tokens)


BUDGET = Budget()


def prompt(text, *, layout=Layout.SUFFIX_FIRST, budget=BUDGET, context=(), vocabulary=None, prompter=None):
    vocabulary = vocabulary or Words()
    before, _, after = text.partition("▮")
    made = (prompter or Prompter(vocabulary, layout)).prompt(Place("a.py", "python", before, after), budget, context)
    return vocabulary.text(made.tokens), made.healing.decode()


def test_suffix_first_ends_with_the_prefix():
    text, healing = prompt("one two three four five▮\nsix")

    assert text == "<bos><sep>a.py\n<suf>\nsix<pre>one two"
    assert healing == " three four five"


def test_prefix_first_ends_with_the_middle_token():
    text, healing = prompt("one two three four five▮\nsix", layout=Layout.PREFIX_FIRST)

    assert text == "<bos><sep>a.py\n<pre>one two<suf>\nsix<mid>"
    assert healing == " three four five"


def test_a_model_without_infilling_sees_the_prefix_alone():
    text, _ = prompt("one two three four five▮\nsix", vocabulary=Words(prefix=None), layout=None)

    assert text == "<bos><sep>a.py\none two"


def test_indentation_is_not_taken_back():
    text, healing = prompt("if x:\n    ▮")

    assert text.endswith("<pre>if x:\n    ")
    assert healing == ""


@pytest.mark.parametrize(("text", "healing"), [("def f():\n    x = 1\n▮", "\n"), ("def f():\n▮", "\n"), ("x = 1\n▮", ""), ("▮", "")])
def test_a_caret_without_indentation_inside_a_body_lets_the_model_indent(text, healing):
    assert prompt(text)[1] == healing


def test_healing_stops_at_the_line_start():
    assert prompt("one two\n    three▮")[1] == " three".strip()


def test_closers_put_in_by_the_editor_leave_the_prompt_as_it_was():
    assert prompt("call(▮\nnext")[0] == prompt("call(▮)\nnext")[0]


def test_the_rest_of_a_line_that_says_something_is_shown():
    assert "<suf> in values:\nbody<pre>" in prompt("for x▮ in values:\nbody")[0]


def test_context_comes_first_and_only_what_fits():
    snippets = [Snippet("b.py", "alpha beta"), Snippet("c.py", " ".join(["long"] * 50)), Snippet("d.py", "gamma")]

    text, _ = prompt("▮", context=snippets, budget=Budget(context=24))

    assert text.startswith("<bos><sep>b.py\nalpha beta\n<sep>d.py\ngamma\n<sep>a.py\n")


def test_where_not_all_fits_the_last_snippet_is_the_one_that_stays():
    snippets = [Snippet("old.py", " ".join("x" * 14)), Snippet("new.py", " ".join("y" * 14))]

    text, _ = prompt("▮", context=snippets, budget=Budget(prefix=0, suffix=0, context=26))

    assert "y y y" in text
    assert "x x x" not in text


def test_what_a_short_document_leaves_unused_goes_to_the_context_up_to_as_much_again():
    snippets = [Snippet("b.py", " ".join("x" * 40)), Snippet("c.py", " ".join("y" * 40))]

    short, _ = prompt("a▮", context=snippets, budget=Budget(prefix=400, suffix=400, context=60))
    long, _ = prompt("a\n" * 500 + "▮" + "\nb" * 500, context=snippets, budget=Budget(prefix=400, suffix=400, context=60))
    shorter, _ = prompt("a▮", context=snippets, budget=Budget(prefix=400, suffix=400, context=30))

    assert ("x x x" in short, "y y y" in short) == (True, True)
    assert ("x x x" in long, "y y y" in long) == (False, True)
    # No more than twice its budget, whatever is unused.
    assert ("x x x" in shorter, "y y y" in shorter) == (False, True)


def test_the_window_keeps_its_start_while_lines_are_typed():
    lines = [f"line{number} is here" for number in range(200)]
    starts = []
    for n_lines in range(100, 100 + BLOCK_LINES):
        text, _ = prompt("\n".join(lines[:n_lines]) + "▮", budget=Budget(prefix=300))
        starts.append(re.search(r"line\d+", text)[0])

    assert len(set(starts)) <= 2


@pytest.mark.parametrize("leads", [True, False])
def test_the_window_holds_the_text_before_the_caret_without_gap(leads):
    vocabulary = Words(metadata={"tokenizer.ggml.model": "llama" if leads else "gpt2"})
    source = "\n".join(f"line{number} is here" for number in range(100)) + "\n"

    text, _ = prompt(source + "▮", budget=Budget(prefix=200), vocabulary=vocabulary)
    window = text.partition("<pre>")[2]

    assert source.endswith(window + "\n" * (not window.endswith("\n")))
    assert len(vocabulary.tokenize(window)) > 100


def test_a_key_tokenises_only_the_block_at_the_caret():
    vocabulary = Words()
    prompter = Prompter(vocabulary, Layout.SUFFIX_FIRST)
    source = "\n".join(f"line{number} is here" for number in range(300))
    prompt(source + "\nx▮\nafter", vocabulary=vocabulary, prompter=prompter)
    vocabulary.tokenised = 0

    prompt(source + "\nxy▮\nafter", vocabulary=vocabulary, prompter=prompter)

    assert vocabulary.tokenised < BLOCK_LINES * 20


def test_one_endless_line_is_cut_to_the_budget():
    vocabulary = Words()

    text, _ = prompt("word " * 5000 + "▮", budget=Budget(prefix=50), vocabulary=vocabulary)

    assert len(vocabulary.tokenize(text.partition("<pre>")[2])) <= 50


def test_the_suffix_stays_within_its_budget_at_whole_lines():
    text, _ = prompt("▮\n" + "one two three four\n" * 100, budget=Budget(suffix=22))

    assert text.partition("<suf>")[2].partition("<pre>")[0] == "\none two three four" * 4


@pytest.mark.parametrize(
    ("metadata", "middle", "prefix", "layout"),
    [
        ({"recoder.fim.layout": "suffix-first"}, MIDDLE, PREFIX, Layout.SUFFIX_FIRST),
        ({}, MIDDLE, PREFIX, Layout.PREFIX_FIRST),
        ({}, None, PREFIX, Layout.SUFFIX_FIRST),
        ({}, None, None, Layout.PLAIN),
        ({"recoder.fim.layout": "sideways"}, MIDDLE, PREFIX, Layout.PREFIX_FIRST),
    ],
)
def test_the_layout_is_what_the_model_was_trained_for(metadata, middle, prefix, layout):
    assert layout_of(Words(middle=middle, prefix=prefix, metadata=metadata)) is layout


KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEow\n" * 40 + "-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        f'KEY = """{KEY}"""\nuse(KEY▮',
        f'use(KEY▮\nKEY = """{KEY}"""\n',
        "token = 'ghp_" + "MIIEow" * 6 + "'\nuse(token▮",
        "use(token▮\npassword = 'MIIEow-hunter'\n",
    ],
)
def test_secrets_are_left_out_of_the_prompt(text):
    made, _ = prompt(text)

    assert "MIIEow" not in made
    assert "redacted" in made


def test_the_rest_of_the_document_is_kept_for_copying_but_not_shown():
    vocabulary = Words()
    source = [f"line{number} is here" for number in range(120)]
    before, after = "\n".join(source[:80]), "\n".join(source[80:])

    made = Prompter(vocabulary, Layout.SUFFIX_FIRST).prompt(
        Place("a.py", "python", before, "\n" + after), Budget(prefix=150, suffix=40, elsewhere=1000)
    )

    shown, kept = vocabulary.text(made.tokens), vocabulary.text(made.elsewhere)
    assert all((f"line{number} " in shown) != (f"line{number} " in kept) for number in range(119) if number != 79)
    assert "line0 " in kept
    assert "line119 " in kept


def test_copying_is_bounded():
    vocabulary = Words()
    text = "\n".join(f"line{number} is here" for number in range(5000))

    made = Prompter(vocabulary, Layout.SUFFIX_FIRST).prompt(Place("a.py", "python", text, "\n" + text), Budget(elsewhere=500))

    assert len(made.elsewhere) <= 1000


def changed_starts(texts, *, budget):
    """Count how often the prompt's beginning changes from one text to the next."""
    vocabulary = Words()
    prompter = Prompter(vocabulary, Layout.SUFFIX_FIRST)
    prompts = [prompter.prompt(Place("a.py", "python", text, "\n"), budget).tokens for text in texts]
    return sum(one[:20] != other[:20] for one, other in itertools.pairwise(prompts))


def test_a_block_beyond_the_budget_moves_its_start_in_steps():
    above = "".join("one two three four five six seven eight nine ten\n" for _ in range(15))

    assert changed_starts([above + "word " * n for n in range(60)], budget=Budget(prefix=100)) <= 2


def test_an_endless_line_moves_its_start_in_steps():
    line = "word " * 400

    assert changed_starts([line[:n] for n in range(1200, 1400)], budget=Budget(prefix=2000)) <= 3


def test_a_long_path_does_not_eat_the_prompt():
    vocabulary = Words()

    made = Prompter(vocabulary).prompt(Place("/".join(["very long"] * 100), "python", "x", ""), Budget())

    assert len(made.tokens) < 50


def test_a_key_around_the_caret_is_left_out_too():
    made, _ = prompt(KEY[:200] + "▮" + KEY[200:])

    assert "MIIEow" not in made
