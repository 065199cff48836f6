"""A small project for editors to open, and what the scripted model answers about it."""

from dataclasses import dataclass
from pathlib import Path

from tests.scripted_chat import scripted_model

SHOP = '''"""Adds up what things cost."""

TAX = 0.19


def total(prices):
    result = 0
    for price in prices:
        result += price
    return result


def with_tax(prices):
    return total(prices) * (1 + TAX)
'''
REPLY = """It adds them up one by one [1]. Shorter:

```python
def total(prices):
    return sum(prices)
```
"""


def project(folder: Path) -> Path:
    """A folder of that name with shop.py in it, and a repository by its looks."""
    (folder / ".git").mkdir(parents=True)
    (folder / "shop.py").write_text(SHOP, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Desk:
    """A version of an editor, and a folder for it that holds a project and a home for Recoder."""

    version: str
    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def home(self) -> Path:
        """The RECODER_HOME of its servers."""
        return self.folder / "home"

    @property
    def chat_model(self) -> Path:
        """It answers REPLY."""
        return self.folder / "scripted.gguf"

    def furnish(self) -> None:
        """Make the project and the model."""
        project(self.project)
        scripted_model(self.folder, REPLY)
