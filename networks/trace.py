"""The messages of a run: what every chip replays. Network, inputs and thresholds make it, never the chip."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.networks.graph import Network
from deltasim.networks.loss import lost_of
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.npz import Wanted, read_arrays, read_npz

MESSAGE = np.dtype([("step", "<i4"), ("projection", "<i2"), ("source", "<i4"), ("delta", "<f4")])
"""One message: in ``step``, the encoder of ``projection`` sent that neuron ``source`` changed by
``delta``; of a spike, and where messages are lost and carry values, ``delta`` is the value itself."""

NONE_LOST = np.zeros(0, np.int64)


WANTED = {
    "messages": Wanted("V", 1),
    "step_bounds": Wanted("i", 1),
    "sequence_bounds": Wanted("i", 1),
    "network_digest": Wanted("U", 0),
    "digest": Wanted("U", 0),
}
"""The arrays of a trace's file."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Messages sorted by (step, projection, source), with the bounds of steps and sequences.

    ``messages[step_bounds[s]:step_bounds[s + 1]]`` are those of step s; steps count through all sequences,
    and sequence q has the steps ``sequence_bounds[q]`` to ``sequence_bounds[q + 1]`` (passes * frames of
    them). ``lost`` (ascending places in ``messages``) are those that are sent and reach nobody.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 3, (4,), np.random.default_rng(0))
    >>> trace = dense_trace(network, [2, 5])
    >>> trace.steps, trace.sequences, len(trace.messages), trace.occupancy(network)
    (7, 2, 49, {'input': 1.0, 'hidden': 1.0})
    """

    messages: Numbers
    step_bounds: Integers
    sequence_bounds: Integers
    network_digest: str
    lost: Integers = field(default_factory=lambda: NONE_LOST)

    @property
    def steps(self) -> int:
        return len(self.step_bounds) - 1

    @property
    def sequences(self) -> int:
        return len(self.sequence_bounds) - 1

    @property
    def arrived(self) -> Numbers:
        """The messages that are not lost."""
        return np.delete(self.messages, self.lost) if self.lost.size else self.messages

    def step(self, step: int) -> Numbers:
        """The messages of one step."""
        return self.messages[self.step_bounds[step] : self.step_bounds[step + 1]]

    def sequence(self, index: int) -> Trace:
        """One sequence as a trace of its own, its steps counted from 0."""
        if self.sequences == 1:
            return self
        first, last = self.sequence_bounds[index : index + 2]
        bounds = self.step_bounds[first : last + 1]
        messages = self.messages[bounds[0] : bounds[-1]].copy()
        messages["step"] -= first
        low, high = np.searchsorted(self.lost, bounds[[0, -1]])
        ends = np.array([0, last - first], np.int64)
        lost = self.lost[low:high] - bounds[0]
        return Trace(messages, bounds - bounds[0], ends, self.network_digest, lost)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over messages, bounds, losses if there are any, and the network's digest."""
        digest = hashlib.sha256(self.network_digest.encode())
        losses = (self.lost,) if self.lost.size else ()
        for array in (self.messages, self.step_bounds, self.sequence_bounds, *losses):
            digest.update(np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()

    def scanned(self, network: Network) -> Integers:
        """Elements compared by each projection's encoder over the whole trace. Shape (projections,)."""
        frames = self.steps // network.passes
        return np.array([p.connection.source_size * frames for p in network.projections], np.int64)

    def sent(self, network: Network) -> Integers:
        """Messages of each projection over the whole trace. Shape (projections,)."""
        return np.bincount(self.messages["projection"], minlength=len(network.projections)).astype(np.int64)

    def occupancy(self, network: Network) -> dict[str, float]:
        """Messages over elements scanned, for projections of role input and of role recurrent ("hidden").

        Dimensionless, 0 to 1; the first step of a sequence counts like any other; 0 where nothing was
        scanned. A network without recurrence has no "hidden".
        """
        if network.digest != self.network_digest:
            rule = "a trace belongs to the network that made it"
            raise InputError(
                "trace", self.network_digest[:12], rule, f"Execute network {network.name} again."
            )
        scanned, sent = self.scanned(network), self.sent(network)
        shares = {}
        for label, role in (("input", "input"), ("hidden", "recurrent")):
            chosen = np.array([projection.role == role for projection in network.projections], bool)
            if label == "input" or chosen.any():
                shares[label] = float(sent[chosen].sum() / max(1, scanned[chosen].sum()))
        return shares

    def save(self, path: str | Path) -> None:
        """Write one compressed npz file, aside first and then renamed."""
        lost: dict[str, Any] = {"lost": self.lost} if self.lost.size else {}
        with new_file(Path(path)) as file:
            np.savez_compressed(
                file,
                messages=self.messages,
                step_bounds=self.step_bounds,
                sequence_bounds=self.sequence_bounds,
                **lost,
                network_digest=np.array(self.network_digest),
                digest=np.array(self.digest),
            )

    @staticmethod
    def load(path: str | Path) -> Trace:
        """Read what ``save`` wrote, never with pickle; a damaged or foreign file is an InputError."""
        remedy = "Execute the network again."
        try:
            stored = read_npz(path, WANTED)
            if stored["messages"].dtype != MESSAGE:
                raise Unreadable("its messages have other fields")
            steps, sequences = (stored[name].astype(np.int64) for name in ("step_bounds", "sequence_bounds"))
            lost = read_arrays(path, {"lost": None}).get("lost", NONE_LOST)
            trace = Trace(stored["messages"], steps, sequences, str(stored["network_digest"]), lost)
            require_bounds(trace)
        except Missing:
            raise InputError(path, "no file", "a trace is read from a file", "Check the path.") from None
        except Unreadable as error:
            raise InputError(path, "damaged", f"this is no readable trace ({error.reason})", remedy) from None
        digest = str(stored["digest"])
        if trace.digest != digest:
            rule = "the content of the trace does not match its digest"
            raise InputError(path, digest[:12], rule, "The file is damaged: execute the network again.")
        return trace


def require_bounds(trace: Trace) -> None:
    """Raise Unreadable unless sequences are made of steps, steps of messages, and every message is in its
    own.

    >>> require_bounds(Trace(np.zeros(2, MESSAGE), np.array([0, 3]), np.array([0, 1]), ""))
    Traceback (most recent call last):
    deltasim.runtime.readers.files.Unreadable: its bounds do not fit its messages
    """
    steps, sequences, messages = trace.step_bounds, trace.sequence_bounds, trace.messages
    sound = all(
        len(bounds) > 0 and bounds[0] == 0 and bounds[-1] == last and bool((np.diff(bounds) >= 0).all())
        for bounds, last in ((steps, len(messages)), (sequences, len(steps) - 1))
    )
    lost = trace.lost
    if lost.dtype != np.int64 or lost.ndim != 1:
        raise Unreadable("what it lost is no list of places")
    if lost.size and not (lost[0] >= 0 and lost[-1] < len(messages) and (np.diff(lost) > 0).all()):
        raise Unreadable("what it lost is none of its messages")
    if not sound or (messages["step"] != np.repeat(np.arange(len(steps) - 1), np.diff(steps))).any():
        raise Unreadable("its bounds do not fit its messages")


def from_counts(
    sources: Numbers,
    deltas: Numbers,
    step: Integers,
    projection: Integers,
    counts: Integers,
    sequence_bounds: Integers,
    network_digest: str,
    lost: Integers = NONE_LOST,
) -> Trace:
    """Build a trace from runs of messages: run i has ``counts[i]`` messages of (step[i], projection[i]).

    The runs come in order of step; within a step they are put in order of projection. ``lost`` are places
    among the messages as they are given.
    """
    messages = np.empty(len(sources), MESSAGE)
    messages["step"] = np.repeat(step.astype(np.int32), counts)
    messages["projection"] = np.repeat(projection.astype(np.int16), counts)
    messages["source"], messages["delta"] = sources, deltas
    runs = step * (int(projection.max(initial=0)) + 1) + projection
    if (np.diff(runs) < 0).any():
        order = np.argsort(np.repeat(runs, counts), kind="stable")
        messages, lost = messages[order], np.sort(np.argsort(order)[lost])
    first_runs = np.searchsorted(step, np.arange(sequence_bounds[-1] + 1))
    step_bounds = np.concatenate([[0], np.cumsum(counts)])[first_runs].astype(np.int64)
    return Trace(messages, step_bounds, sequence_bounds, network_digest, lost)


def random_trace(
    network: Network, lengths: Sequence[int], occupancy: float, rng: np.random.Generator
) -> Trace:
    """Each element of every encoder that is active in a step is sent with probability ``occupancy``,
    independently.

    ``lengths`` are the frames of each sequence. The deltas are 1; only which messages there are matters to
    a chip.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 50, (50,), np.random.default_rng(0))
    >>> trace = random_trace(network, [100], 0.1, np.random.default_rng(1))
    >>> 0.08 < trace.occupancy(network)["hidden"] < 0.12
    True
    """
    if not 0.0 <= occupancy <= 1.0:
        raise InputError(
            "occupancy", occupancy, "an occupancy lies within 0 to 1", "Give a share, not percent."
        )
    sources: list[Numbers] = [np.zeros(0, np.int32)]
    runs: list[tuple[int, int, int]] = []
    step, bounds = 0, [0]
    active = [[i for place in one_pass for i in network.incoming[place]] for one_pass in network.order]
    for number, length in enumerate(lengths):
        check_length(number, length)
        for projections in active:
            for _ in range(length):
                for index in sorted(projections):
                    size = network.projections[index].connection.source_size
                    sent = np.flatnonzero(rng.random(size) < occupancy) if occupancy < 1 else np.arange(size)
                    sources.append(sent.astype(np.int32))
                    runs.append((step, index, len(sent)))
                step += 1
        bounds.append(step)
    steps, projections_, counts = np.array(runs, np.int64).reshape(-1, 3).T
    chosen = np.concatenate(sources)
    ones, ends = np.ones(len(chosen), np.float32), np.array(bounds, np.int64)
    lost = lost_of(network.losses, np.repeat(projections_, counts), np.repeat(steps, counts), chosen)
    return from_counts(chosen, ones, steps, projections_, counts, ends, network.digest, lost)


def dense_trace(network: Network, lengths: Sequence[int]) -> Trace:
    """Every element of every active encoder, sent at every step: what a chip without deltas would move.

    Errors: a sequence of no frames. The deltas are 1, as in ``random_trace`` at occupancy 1.
    """
    blocks = []  # the messages of one step of each pass
    for one_pass in network.order:
        active = sorted(index for place in one_pass for index in network.incoming[place])
        sizes = [network.projections[index].connection.source_size for index in active]
        block = np.ones(sum(sizes), MESSAGE)
        block["projection"] = np.repeat(np.array(active, np.int64), sizes)
        block["source"] = np.concatenate([np.zeros(0, np.int64), *map(np.arange, sizes)])
        blocks.append(block)
    for number, length in enumerate(lengths):
        check_length(number, length)
    repeats = np.array([(length, place) for length in lengths for place in range(len(blocks))], np.int64)
    repeats = repeats.reshape(-1, 2)  # as many steps of the pass of that place
    whole = [np.zeros(0, MESSAGE), *(np.tile(blocks[place], length) for length, place in repeats.tolist())]
    per_step = np.repeat(np.array([len(block) for block in blocks])[repeats[:, 1]], repeats[:, 0])
    messages = np.concatenate(whole)
    messages["step"] = np.repeat(np.arange(len(per_step)), per_step)
    step_bounds = np.concatenate([[0], np.cumsum(per_step)]).astype(np.int64)
    sequence_bounds = np.cumsum([0, *(network.passes * length for length in lengths)]).astype(np.int64)
    fields = (messages[name] for name in ("projection", "step", "source"))
    return Trace(messages, step_bounds, sequence_bounds, network.digest, lost_of(network.losses, *fields))


def check_length(number: int, length: int) -> None:
    if length < 1:
        rule = "a sequence has at least one frame"
        raise InputError(f"sequence {number}", f"length {length}", rule, "Leave empty sequences out.")
