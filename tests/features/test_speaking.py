"""What features say in another language; and what they write into code and files, which is the same in all of them."""

import pytest

from recoder_lsp.chat_store import Conversation, Message
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.chat import Turn
from recoder_lsp.features import chat_buffer, hover, hover_text
from recoder_lsp.features.actions import docstring
from recoder_lsp.features.wording import kind_in_words, reasons_in_words
from recoder_lsp.index.records import Kind
from recoder_lsp.index.syntax.parser import Parser
from tests.features.actions.refactoring import PARSER, cases, outcome, site_of
from tests.features.chat_desk import FILES, ChatDesk, IndexedWorkspace
from tests.index.small_workspace import SmallWorkspace

LOCALES = ["de", "es", "zh-cn"]


@pytest.mark.parametrize("locale", LOCALES)
def test_refactorings_make_the_same_of_code_and_say_so_in_the_users_language(locale, speaking):
    speaking(locale)

    for action, case in cases():
        found = outcome(action, case["language"], case["before"])

        assert {key: found.get(key) for key in ("after", "command")} == {key: case.get(key) for key in ("after", "command")}
        for key in {"offered", "refused"} & set(case):
            assert found[key] != case[key]


@pytest.mark.parametrize(
    ("locale", "titles"),
    [
        ("de", {"extract_variable": "Variable extrahieren", "rename": "`tmp` in `user` umbenennen"}),
        ("es", {"extract_variable": "Extraer variable", "rename": "Cambiar el nombre de `tmp` por `user`"}),
        ("zh-cn", {"extract_variable": "提取变量", "rename": "将 `tmp` 重命名为 `user`"}),
    ],
)
def test_actions_are_called_what_the_users_language_calls_them(locale, titles, speaking):
    speaking(locale)

    assert {
        "extract_variable": outcome("extract_variable", "python", "def f(a):\n    g(▮a + 1▮)\n")["offered"],
        "rename": outcome("rename", "python", "def f():\n    t▮mp = get_user()\n    return tmp\n")["offered"],
    } == titles


async def test_documentation_is_begun_in_english_in_every_language(tmp_path, speaking):
    workspace = SmallWorkspace(tmp_path, {}, PARSER)

    async def begun():
        (offer,) = await docstring.offers(site_of("python", "def ar▮ea(width):\n    return width\n"), workspace)
        return offer.title, offer.change()

    title, change = await begun()
    speaking("es")
    title_in_spanish, same = await begun()

    assert same == change
    assert (title, title_in_spanish) == ("Add documentation to `area`", "Añadir documentación a `area`")


SHAPES = """def area(width):
    # TODO: round
    if not width:
        raise ValueError(width)
    return edge(width)


def edge(a): ...
"""


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        (
            "es",
            [
                "Definido en shapes.py:1 · función · se usa 3 veces en el área de trabajo",
                "Llamado por main (2 veces)",
                "Llama a edge",
                "Lanza ValueError · devuelve edge(width)",
                "TODO: round (línea 2)",
            ],
        ),
        (
            "zh-cn",
            [
                "定义于 shapes.py:1 · 函数 · 在工作区中使用 3 次",
                "调用者：main（2 次）",
                "调用了 edge",
                "抛出 ValueError · 返回 edge(width)",
                "TODO: round（第 2 行）",
            ],
        ),
    ],
)
async def test_what_is_known_of_a_name_is_said_in_the_users_language(tmp_path, locale, lines, speaking):
    main = "from shapes import area\n\n\ndef main():\n    return area(1) + area(2)\n"
    workspace = SmallWorkspace(tmp_path, {"shapes.py": SHAPES, "main.py": main}, Parser())
    speaking(locale)

    found = await hover.describe(workspace, Snapshot("file:///work/main.py", "python", main, 1), main.index("area(1)"))

    assert found is not None
    assert hover_text.in_plain_text(found).split("\n")[2:] == lines


async def test_chat_without_a_model_says_so_in_the_users_language(tmp_path, speaking):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "work", FILES))
    speaking("es")

    document = desk.document("app/scheduler.py")
    answer = await desk.ask("/explain", document, document.text.index("if not waiting"))

    assert answer.markdown.startswith("*No se ha establecido ningún modelo de chat. Por eso esto no lo ha escrito ningún modelo:")
    assert "Usado por [`run_all`](" in answer.markdown
    assert "método `Scheduler.pick_next`" in answer.markdown
    await desk.close()
    desk.workspace.small.close()


def test_a_conversation_is_read_again_from_its_file_in_every_language(speaking):
    speaking("zh-cn")
    messages = (Message("user", "why?", 0.0), Message("assistant", "Because.", 0.0, model="tiny"))

    text = chat_buffer.transcript(Conversation("1", messages)) + "and how?\n"
    document = Snapshot("file:///w/notes.recoder.md", "markdown", text, 1)

    assert chat_buffer.read(document).said == (Turn("user", "why?"), Turn("assistant", "Because."))
    assert [lens.title for lens in chat_buffer.lenses(document)] == ["询问 Recoder"]


def test_every_kind_of_symbol_and_every_reason_has_a_word(speaking):
    speaking("zh-cn")

    assert all(not kind_in_words(kind).isascii() for kind in Kind)
    assert reasons_in_words(["defines area", "name", "words", "meaning 0.83", "path", "near"]) == (
        "定义 area, 名称, 词语, 含义 0.83, 路径, 邻近"
    )
    assert kind_in_words("") == ""
