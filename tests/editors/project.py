"""A small project for editors to open, and what the scripted model answers about it."""

from pathlib import Path

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
