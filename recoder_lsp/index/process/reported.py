"""What was reported of files and open texts and is not taken in yet, in the order in which it is wanted."""

from __future__ import annotations

from collections.abc import Iterable

# With so many paths at once (another branch, an unpacked archive) looking at the whole folder is quicker, and can be
# interrupted.
MANY_PATHS = 500
# So many are taken at once, so that a file saved meanwhile waits for no more than these.
PATHS_AT_ONCE = 20


class Reported:
    """Guarded by the lock of who owns it."""

    def __init__(self) -> None:
        self._saved: dict[str, None] = {}
        self._watched: dict[str, None] = {}
        self._texts: dict[str, tuple[str, str] | None] = {}
        self._open: dict[str, tuple[str, str]] = {}

    @property
    def has_paths(self) -> bool:
        return bool(self._saved or self._watched)

    @property
    def has_texts(self) -> bool:
        return bool(self._texts)

    def saved(self, paths: Iterable[str]) -> None:
        self._saved.update(dict.fromkeys(paths))

    def watched(self, paths: Iterable[str]) -> bool:
        """Note these paths; False if they are too many by now: then none is kept, and everything is to be looked at."""
        self._watched.update(dict.fromkeys(paths))
        if len(self._watched) > MANY_PATHS:
            self._watched.clear()
            return False
        return True

    def opened(self, path: str, text: str, language: str) -> None:
        """Note a text that stands for its file; only the latest one of a path counts."""
        self._texts[path] = self._open[path] = (text, language)

    def closed(self, path: str) -> None:
        self._open.pop(path, None)
        self._texts[path] = None

    def take_paths(self) -> list[str]:
        """Some paths. One that was saved counts for more than all others, and is the only kind then."""
        paths = list(self._saved or self._watched)[:PATHS_AT_ONCE]
        for path in paths:
            self._saved.pop(path, None)
            self._watched.pop(path, None)
        return paths

    def take_text(self) -> tuple[str, tuple[str, str] | None]:
        """A path, and the text and language that are open for it; None when it was closed."""
        path = next(iter(self._texts))
        return path, self._texts.pop(path)

    def forget_paths(self) -> None:
        """Everything is going to be looked at."""
        self._saved.clear()
        self._watched.clear()

    def again(self) -> None:
        """Have every open text taken in, also those that were."""
        self._texts = {**self._texts, **self._open}
