"""Exceptions inside a callback of C: Ctrl-C comes again, all others go where they went before."""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from deltasim.interrupts import raised_again

called_by_c = ctypes.CFUNCTYPE(None)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, inherited)


@called_by_c
def pressed() -> None:
    signal.raise_signal(signal.SIGINT)


@called_by_c
def failing() -> None:
    raise ValueError("7")


def test_without_it_ctrl_c_in_a_callback_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: lost.append(unraisable.exc_type))
    pressed()
    time.sleep(0.1)
    assert lost == [KeyboardInterrupt]


def test_ctrl_c_in_a_callback_is_raised_after_it() -> None:
    after = []
    with pytest.raises(KeyboardInterrupt), raised_again():
        pressed()
        after.append("the callback has returned")
        time.sleep(10)
        after.append("nobody heard")
    assert after == ["the callback has returned"]


def test_other_exceptions_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: seen.append(str(unraisable.exc_value)))
    before = sys.unraisablehook
    with raised_again():
        failing()
    assert seen == ["7"]
    assert sys.unraisablehook is before
