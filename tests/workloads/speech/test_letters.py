"""Letters: what is written, how outputs are read, and errors counted as jiwer counts them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.workloads.speech.letters import BLANK, OUTPUTS, SYMBOLS, numbered, read_out, spelled, written
from deltasim.workloads.speech.scores import character_accuracy, characters_right, points

texts = st.text(alphabet=SYMBOLS, min_size=1, max_size=40).map(written).filter(bool)


def outputs_of(text: str, longest: int, rng: np.random.Generator) -> np.ndarray:
    """Outputs that say a text: every symbol for a few steps, blanks between, noise on top."""
    path = [BLANK] * int(rng.integers(0, longest + 1))
    for symbol in numbered(text).tolist():
        path += [symbol] * int(rng.integers(1, longest + 1)) + [BLANK] * int(rng.integers(1, longest + 1))
    return (np.eye(OUTPUTS)[path] + rng.uniform(0, 0.4, (len(path), OUTPUTS))).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(texts, st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_path_of_a_text_is_read_as_that_text(text: str, longest: int, seed: int) -> None:
    assert read_out(outputs_of(text, longest, np.random.default_rng(seed))) == text


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_writing_twice_changes_nothing(text: str) -> None:
    once = written(text)
    assert written(once) == once == spelled(numbered(once))
    assert set(once) <= set(SYMBOLS) and "  " not in once and once == once.strip()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
def test_errors_are_those_of_jiwer(pairs: list[tuple[str, str]]) -> None:
    jiwer = pytest.importorskip("jiwer")
    rng = np.random.default_rng(0)
    outputs = [outputs_of(found, 2, rng) for _, found in pairs]
    right, said = characters_right(outputs, [text for text, _ in pairs]).sum(0)
    rate = jiwer.cer([text for text, _ in pairs], [found for _, found in pairs])
    assert 1 - right / said == pytest.approx(rate)
    longest = max(len(text) for text, _ in pairs)
    targets = np.array([np.pad(numbered(text), (0, longest - len(text)), constant_values=-1)
                        for text, _ in pairs])  # fmt: skip
    assert character_accuracy(outputs, targets) == pytest.approx(1 - rate)
    assert points(outputs, targets).shape == (len(pairs), 2)


def test_nothing_said_has_no_score() -> None:
    assert character_accuracy([], np.zeros((0, 3), np.int64)) is None
