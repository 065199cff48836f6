"""When ghost text holds back."""

from dataclasses import replace

import pytest

from recoder_lsp.config import Settings
from recoder_lsp.engine.runtime import ModelState
from recoder_lsp.features.pacing import MOST_DEBOUNCE_S, PROFILE_READ_EVERY_S, Pacing, debounce_s

AUTO = Settings()


def saver(value):
    return replace(AUTO, completion=replace(AUTO.completion, battery_saver=value))


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def profile(tmp_path):
    return tmp_path / "platform_profile"


@pytest.fixture
def pacing(clock, profile):
    return Pacing(clock=clock, profile=profile)


def test_it_is_snoozed_for_so_long(pacing, clock):
    pacing.snooze(2)
    assert (pacing.pace(AUTO), pacing.snoozed_s) == ("snoozed", 120)

    clock.now += 119.5
    assert (pacing.pace(AUTO), pacing.snoozed_s) == ("snoozed", 1)

    clock.now += 0.5
    assert (pacing.pace(AUTO), pacing.snoozed_s) == ("active", 0)


def test_snoozing_ends_when_one_likes(pacing):
    pacing.snooze(60)
    pacing.snooze(0)

    assert (pacing.pace(AUTO), pacing.snoozed_s) == ("active", 0)


def test_the_power_profile_decides_where_the_setting_lets_it(pacing, profile, clock):
    profile.write_text("low-power\n")
    assert pacing.pace(AUTO) == "saving"
    assert pacing.pace(saver("never")) == "active"

    profile.write_text("balanced\n")
    assert pacing.pace(AUTO) == "saving"
    clock.now += PROFILE_READ_EVERY_S
    assert pacing.pace(AUTO) == "active"
    assert pacing.pace(saver("always")) == "saving"


def test_a_machine_without_profiles_saves_nothing(pacing):
    assert pacing.pace(AUTO) == "active"


@pytest.mark.parametrize(
    ("prefill", "decode", "pause_s"),
    [(None, None, 0.0), (4000.0, 400.0, 0.0), (400.0, 80.0, 0.045), (100.0, 10.0, MOST_DEBOUNCE_S)],
)
def test_only_a_slow_model_lets_keys_pass_first(prefill, decode, pause_s):
    state = ModelState(prefill_tokens_per_s=prefill, decode_tokens_per_s=decode)

    assert debounce_s(state) == pytest.approx(pause_s)
