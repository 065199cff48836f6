"""When to hold back: while snoozed, to save the battery, and where the model is so slow that the next key should come first."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from recoder_lsp.config import Settings
from recoder_lsp.engine.runtime import ModelState

Pace = Literal["active", "snoozed", "saving"]

SNOOZE_MINUTES, MOST_SNOOZE_MINUTES = 5, 24 * 60
# What the kernel calls the profile that saves the most: Documentation/ABI/testing/sysfs-platform_profile. Desktops set it
# when the user asks for it, or when the battery is low.
PROFILE, SAVING_PROFILE = Path("/sys/firmware/acpi/platform_profile"), "low-power"
PROFILE_READ_EVERY_S = 5.0
# What a key costs while typing, in tokens read and written. Where that takes no longer than between two keys of somebody
# who types, there is nothing to wait for.
READ_TOKENS, WRITTEN_TOKENS, BETWEEN_KEYS_S, MOST_DEBOUNCE_S = 16, 16, 0.15, 0.25


class Pacing:
    """Owned by the event loop."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, profile: Path = PROFILE) -> None:
        """Not snoozed. Both arguments are for tests."""
        self._clock, self._profile = clock, profile
        self._snoozed_until = 0.0
        self._saving = False
        self._profile_read_at = -PROFILE_READ_EVERY_S

    def snooze(self, minutes: float = SNOOZE_MINUTES) -> None:
        """Do nothing unasked for so long; 0 ends it."""
        self._snoozed_until = self._clock() + 60 * minutes

    @property
    def snoozed_s(self) -> int:
        """How long it is still snoozed, in whole seconds that have begun."""
        return max(math.ceil(self._snoozed_until - self._clock()), 0)

    def pace(self, settings: Settings) -> Pace:
        """Say whether anything is to be done that was not asked for by hand: only while "active"."""
        if self._clock() < self._snoozed_until:
            return "snoozed"
        saver = settings.completion.battery_saver
        return "saving" if saver == "always" or (saver == "auto" and self._saves_power()) else "active"

    def _saves_power(self) -> bool:
        now = self._clock()
        if now - self._profile_read_at >= PROFILE_READ_EVERY_S:
            self._profile_read_at = now
            try:
                self._saving = self._profile.read_text().strip() == SAVING_PROFILE
            except OSError:
                # Most machines have none.
                self._saving = False
        return self._saving


def debounce_s(state: ModelState) -> float:
    """Return how long a request is to wait for the next key, by how fast the model was measured to be; 0 for a fast one."""
    if not state.prefill_tokens_per_s or not state.decode_tokens_per_s:
        return 0.0
    expected_s = READ_TOKENS / state.prefill_tokens_per_s + WRITTEN_TOKENS / state.decode_tokens_per_s
    return min(max(expected_s - BETWEEN_KEYS_S, 0.0) / 2, MOST_DEBOUNCE_S)
