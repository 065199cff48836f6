"""What the files of a package have to do with each other."""

import pytest

from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.training.relations import relations_of
from tests.training.sampled import document

# For each language a file that defines, one that uses, and the piece of the first that is meant.
PAIRS = {
    "python": ("def mend_boat(boat):\n    return 1\n", "import a\n\nx = a.mend_boat(2)\n", "def mend_boat(boat):\n    return 1"),
    "javascript": ("export function mendBoat(boat) {\n  return 1\n}\n", "mendBoat(2)\n", "export function mendBoat(boat) {\n  return 1\n}"),
    "typescript": ("export interface Boat {\n  name: string\n}\n", "let it: Boat = null\n", "export interface Boat {\n  name: string\n}"),
    "go": (
        "package a\n\nfunc MendBoat() int {\n\treturn 1\n}\n",
        "package a\n\nvar x = MendBoat()\n",
        "func MendBoat() int {\n\treturn 1\n}",
    ),
    "rust": ("pub struct Boat {\n    name: u8,\n}\n", "fn f(x: Boat) {}\n", "pub struct Boat {\n    name: u8,\n}"),
    "java": ("class Boat {\n    int size;\n}\n", "class Yard {\n    Boat one;\n}\n", "class Boat {\n    int size;\n}"),
    "c": (
        "int mend_boat(void) {\n    return 1;\n}\n",
        "int x(void) {\n    return mend_boat();\n}\n",
        "int mend_boat(void) {\n    return 1;\n}",
    ),
}


def related(*texts, language="python", paths=None):
    documents = [document(path, text, language) for path, text in zip(paths or [f"p/{n}" for n in range(len(texts))], texts, strict=True)]
    return relations_of(documents, Parser())


def used(*texts, **options):
    """The pieces of other files that the last text uses."""
    relations = related(*texts, **options)
    return [texts[file].encode()[slice(*relations[file].definitions[position][:2])].decode() for _, file, position in relations[-1].uses]


@pytest.mark.parametrize("language", PAIRS)
def test_a_use_leads_to_the_definition_in_another_file(language):
    defining, using, meant = PAIRS[language]

    assert used(defining, using, language=language) == [meant]


def test_the_files_of_other_languages_are_others():
    documents = [document("a.py", PAIRS["python"][0]), document("a.js", "mend_boat(1)\n", "javascript")]

    assert relations_of(documents, Parser())[1].uses == []


def test_a_name_of_the_files_own_is_not_of_another():
    assert used("def mend_boat(): pass\n", "def mend_boat(): pass\n\nmend_boat()\n") == []


def test_a_name_with_many_definitions_means_none():
    several = "class A:\n    def mend_boat(self): pass\nclass B:\n    def mend_boat(self): pass\n"

    assert len(used(several, "x.mend_boat()\n")) == 1
    assert used(several, several, "x.mend_boat()\n") == []


def test_of_several_definitions_the_one_in_the_nearest_folder_is_meant():
    texts = ("def mend_boat(): return 1\n", "def mend_boat(): return 2\n", "mend_boat()\n")

    assert used(*texts, paths=["p/a/x.py", "p/b/x.py", "p/b/y.py"]) == ["def mend_boat(): return 2"]


def test_a_method_is_used_behind_a_dot_and_a_plain_word_before_a_bracket():
    defining = "class Boat:\n    def logging(self): pass\n\ndef values(): pass\n"

    assert used(defining, "import logging\n# its values\n") == []
    assert used(defining, "x.logging()\nvalues()\n") == ["def logging(self): pass", "def values(): pass"]


def test_a_docstring_is_the_first_thing_of_its_body():
    text = 'def f(x="""no"""):\n    """Yes."""\n\ndef g():\n    y = """no"""\n\nclass C:\n    # why\n    r\'\'\'Raw\n    one.\'\'\'\n'
    documentation = [text[definition[3] : definition[4]] for definition in related(text)[0].definitions]

    assert documentation[0] == '"""Yes."""'
    assert documentation[1] == ""


def test_files_that_share_rare_names_are_near():
    texts = ["mend_boats = 1\n", "x = mend_boats\ny = paint_walls\n", "z = paint_walls\n", "nothing = 1\n"]

    assert [relation.near for relation in related(*texts)] == [[1], [0, 2], [1], []]


def test_a_file_that_cannot_be_parsed_costs_its_relations_alone():
    endless = "mend_boat()\n" + "(" * 200_000
    relations = related(PAIRS["python"][0], endless)

    assert relations[1].definitions == []
    assert len(relations[0].definitions) == 1
