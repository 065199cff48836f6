"""Search over a small workspace: the right thing first, filters, and nothing that is no longer there."""

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.folder_index import FolderIndex

FILES = {
    "shop/cart.py": '''\
"""The shopping cart."""


class Cart:
    """Holds what a customer wants to buy."""

    def add_article(self, article, amount):
        self.lines.append((article, amount))

    def total_price(self):
        return sum(article.price * amount for article, amount in self.lines)
''',
    "shop/payment.py": '''\
"""Paying by card."""

from shop.cart import Cart


def charge_card(cart: Cart, card_number: str) -> str:
    """Ask the bank for the total of a cart and return the receipt."""
    return bank.debit(card_number, cart.total_price())
''',
    "shop/shipping.js": """\
// Sends parcels.
export function shipParcel(address, weightInGrams) {
  return carrier.book(address, weightInGrams);
}
""",
    "tests/test_cart.py": """\
from shop.cart import Cart


def test_total_price_of_a_cart():
    cart = Cart()
    cart.add_article(book, 2)
    assert cart.total_price() == 20
""",
    "docs/cart.md": """\
# The cart

A cart holds articles until they are paid.
""",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture(scope="module")
def index(workspace, tmp_path_factory):
    index = FolderIndex.open(workspace, tmp_path_factory.mktemp("home"), IndexSettings())
    index.reconcile(lambda progress: None, lambda: False)
    yield index
    index.close()


def hits(index, text, **options):
    return index.answer("search", {"text": text, **options})["hits"]


def found(index, text, **options):
    return [f"{hit.path}:{hit.symbol}" for hit in hits(index, text, **options)]


def test_a_name_finds_its_definition_first(index):
    assert found(index, "Cart")[0].startswith("shop/cart.py:Cart")
    assert found(index, "charge_card")[0] == "shop/payment.py:charge_card"
    assert found(index, "shipParcel")[0] == "shop/shipping.js:shipParcel"


@pytest.mark.parametrize("spelling", ["charge card", "chargeCard", "CHARGE_CARD", "how is a card charged"])
def test_a_name_is_found_however_it_is_spelt(index, spelling):
    assert found(index, spelling)[0] == "shop/payment.py:charge_card"


def test_a_hit_cites_lines_and_text_as_they_are(index, workspace):
    hit = hits(index, "charge_card")[0]

    lines = (workspace / hit.path).read_text().split("\n")
    assert hit.text.strip("\n") == "\n".join(lines[hit.start_line : hit.end_line + 1]).strip("\n")
    assert (hit.kind, hit.language) == ("function", "python")
    assert "defines charge_card" in hit.why


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"languages": ["javascript"]}, {"shop/shipping.js"}),
        ({"paths": ["tests"]}, {"tests/test_cart.py"}),
        ({"paths": ["shop/*.py"]}, {"shop/cart.py", "shop/payment.py"}),
        ({"kinds": ["function"], "languages": ["python"]}, {"shop/payment.py", "tests/test_cart.py"}),
        ({"paths": ["nowhere"]}, set()),
    ],
)
def test_filters_hold(index, filters, kept):
    assert {hit.path for hit in hits(index, "cart price parcel test", limit=50, **filters)} == kept


def test_no_file_takes_more_than_its_share(index):
    paths = [hit.path for hit in hits(index, "cart", limit=50, per_file=1)]

    assert len(paths) == len(set(paths))


def test_the_limit_is_kept(index):
    assert len(hits(index, "cart", limit=2)) == 2
    assert hits(index, "cart", limit=0) == []


@pytest.mark.parametrize("text", ["", "   ", "the of and", "()[]{}", "zzzzqqq", '"unbalanced', "a AND NOT (", "é" * 5000, "\0"])
def test_odd_questions_are_answered(index, text):
    assert isinstance(hits(index, text), list)


def test_without_time_there_is_a_partial_answer(index):
    answer = index.answer("search", {"text": "charge card", "budget_ms": 1e-6})

    assert answer["partial"]
    assert answer["hits"][0].symbol == "charge_card"


def test_all_of_it_can_be_switched_off(index):
    assert hits(index, "cart", without=["words", "meaning", "names"]) == []


def test_words_alone_and_meaning_alone_find_something(index):
    assert found(index, "charge card", without=["meaning"])[0] == "shop/payment.py:charge_card"
    assert "shop/payment.py:charge_card" in found(index, "charge card", without=["words"])


@pytest.mark.parametrize("start", ["shipp", "shipParc", "SHIPPARCE", "charge_ca"])
def test_the_beginning_of_a_name_is_enough(index, start):
    hit = hits(index, start)[0]

    assert hit.symbol.lower().replace("_", "").startswith(start.lower().replace("_", ""))
    assert "name" in hit.why or "words" in hit.why


def test_a_method_within_a_chunk_of_its_class_passes_a_filter_for_methods(index, workspace):
    [hit] = hits(index, "total price", kinds=["method"])

    assert (hit.path, hit.symbol, hit.kind) == ("shop/cart.py", "Cart.total_price", "method")
    assert hit.text == "\n".join((workspace / hit.path).read_text().split("\n")[hit.start_line : hit.end_line + 1])
    assert hit.text.strip().startswith("def total_price(self):")
    assert "add_article" not in hit.text


def test_a_rare_language_is_looked_for_further(tmp_path):
    for number in range(600):
        (tmp_path / f"cart_{number}.py").write_text("def cart():\n    return cart, cart, cart\n")
    (tmp_path / "report.js").write_text("// " + "one word after another. " * 60 + "cart\n")
    index = FolderIndex.open(tmp_path, tmp_path / "home", IndexSettings())
    index.reconcile(lambda progress: None, lambda: False)

    paths = [hit.path for hit in hits(index, "the cart", languages=["javascript"])]
    index.close()

    assert paths == ["report.js"]


class TestWhatChanged:
    """Each test has a workspace of its own."""

    @pytest.fixture
    def index(self, tmp_path, recoder_home):
        (tmp_path / "w").mkdir()
        (tmp_path / "w" / "a.py").write_text("def brew_coffee():\n    return 'strong'\n")
        index = FolderIndex.open(tmp_path / "w", tmp_path / "home", IndexSettings())
        index.reconcile(lambda progress: None, lambda: False)
        yield index
        index.close()

    def test_a_file_that_changed_is_not_quoted_and_reported(self, index, tmp_path):
        (tmp_path / "w" / "a.py").write_text("def brew_tea():\n    return 'weak'\n")

        answer = index.answer("search", {"text": "brew coffee"})

        assert answer["hits"] == []
        assert answer["stale"] == ["a.py"]

    def test_a_chunk_whose_lines_moved_is_not_cited(self, index, tmp_path):
        body = "def brew_coffee():\n    return 'strong'\n"
        (tmp_path / "w" / "b.py").write_text("# Tea is another matter.\n" + "x = 1\n" * 40 + body)
        index.reconcile(lambda progress: None, lambda: False)
        (tmp_path / "w" / "b.py").write_text("# Tea is\nanother matter.\n" + "x = 1\n" * 40 + body)

        answer = index.answer("search", {"text": "brew coffee", "per_file": 0})

        assert {hit.path for hit in answer["hits"] if hit.symbol} == {"a.py"}
        assert answer["stale"] == ["b.py"]

    def test_what_changed_takes_no_share_of_its_file(self, index, tmp_path):
        pieces = [f"def brew_{name}():\n" + f"    x = '{name}'\n" * 8 + "\n\n" for name in ("one", "two", "three")]
        (tmp_path / "w" / "b.py").write_text("".join(pieces))
        index.reconcile(lambda progress: None, lambda: False)
        (tmp_path / "w" / "b.py").write_text("".join(pieces[:2]) + pieces[2].replace("x = 'three'", "y = 'other'"))

        symbols = [hit.symbol for hit in hits(index, "brew_three", per_file=1, paths=["b.py"])]

        assert len(symbols) == 1

    def test_a_deleted_file_is_not_quoted(self, index, tmp_path):
        (tmp_path / "w" / "a.py").unlink()

        assert index.answer("search", {"text": "brew coffee"})["hits"] == []

    def test_an_open_text_counts_instead_of_the_file(self, index):
        index.open_buffer("a.py", "def brew_tea():\n    return 'weak'\n", "python")

        assert [hit.symbol for hit in hits(index, "brew tea")] == ["brew_tea"]
        index.close_buffer("a.py")
        assert [hit.symbol for hit in hits(index, "brew coffee")] == ["brew_coffee"]
