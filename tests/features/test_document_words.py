"""Names that a document uses, the nearest first."""

from recoder_lsp.features.code_at import word_before
from recoder_lsp.features.document_words import MOST_NAMES, names_used

TEXT = """value_of_module = 1


def first():
    value_elsewhere = 2


def second(value_given):
    if True:
        value_near = 3
        va▮
    value_below = 4


class A:
    def f(self):
        self.value_of_self = 1
        other.value_of_other = 2
"""


def used(text, language="python"):
    before, _, after = text.partition("▮")
    return [found.name for found in names_used(before + after, word_before(before, len(before), language), language)]


def test_names_of_the_function_come_first_then_those_of_the_document_each_the_nearer_the_sooner():
    assert used(TEXT) == ["value_below", "value_near", "value_given", "value_elsewhere", "value_of_module"]


def test_behind_a_dot_only_what_stands_behind_dots_counts_the_same_object_first():
    assert used(TEXT.replace("va▮", "other.va▮")) == ["value_of_other", "value_of_self"]


def test_behind_a_dot_without_a_letter_only_the_same_object_counts():
    assert used(TEXT.replace("va▮", "self.▮")) == ["value_of_self"]


def test_better_fits_come_before_nearer_ones():
    assert used("Value = 1\nvanish = 2\nv_a = 3\nvalue = 4\nva▮") == ["value", "vanish", "Value", "v_a"]


def test_the_word_that_is_being_typed_is_no_name():
    assert used("value = 1\nvalu▮") == ["value"]
    assert used("value = 1\nvalue▮") == []


def test_functions_in_braces_have_a_border_too():
    text = "const vaOut = 1;\nfunction f() {\n  const vaIn = 1;\n  va▮\n}\nconst vaBehind = 2;\n"

    assert used(text, "javascript")[0] == "vaIn"


def test_no_more_than_a_menu_can_show_and_nothing_far_away():
    assert len(used("\n".join(f"value_{number}" for number in range(200)) + "\nva▮")) == MOST_NAMES
    assert used("value = 1\n" + "x = 1\n" * 20_000 + "va▮") == []


def test_only_what_the_language_writes_before_members_makes_a_member():
    assert used("def first(value: int) -> value_type: ...\nx.va▮") == []
    assert used("p->value_of_p;\nx.va▮", "cpp") == ["value_of_p"]
    assert used("p->value_of_p; A::value_of_a;\np->▮", "cpp") == ["value_of_p"]


def test_behind_what_is_no_word_every_member_would_do_so_none_is_named_without_a_letter():
    assert used("f(x).value\na?.value\ng(x).▮", "typescript") == []
