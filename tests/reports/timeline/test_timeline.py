"""What a timeline holds, read with Perfetto's own schema; that both engines write the same, and count it."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace as PerfettoTrace
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackEvent

from deltasim.networks.trace import Trace
from deltasim.reports.timeline import perfetto
from deltasim.reports.timeline import timeline as timelines
from deltasim.reports.timeline.timeline import Timeline, timeline
from deltasim.simulator.engines.services import Services
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.memories.instance import CONTROLLER, DRAM
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.simulate import run_plan, services_of
from tests.simulator.builders import chain, chip, trace_of
from tests.simulator.strategies import Case, cases


class Read:
    """A trace as its schema reads it: names of tracks, slices, counters, slices of each flow."""

    def __init__(self, content: bytes) -> None:
        trace: Any = PerfettoTrace()
        trace.ParseFromString(content)
        self.names: dict[int, str] = {}
        self.parents: dict[int, int] = {}
        self.slices: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
        self.counters: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.times: dict[int, list[int]] = defaultdict(list)
        self.flows: dict[int, list[str]] = defaultdict(list)
        begun: dict[int, tuple[int, str]] = {}
        for packet in trace.packet:
            assert packet.trusted_packet_sequence_id == 1
            if packet.HasField("track_descriptor"):
                described = packet.track_descriptor
                assert described.uuid not in self.names
                self.names[described.uuid] = described.name
                if described.HasField("parent_uuid"):
                    self.parents[described.uuid] = described.parent_uuid
                continue
            event = packet.track_event
            self.times[event.track_uuid].append(packet.timestamp)
            if event.type == TrackEvent.TYPE_SLICE_BEGIN:
                assert event.track_uuid not in begun, "slices of a track overlap"
                begun[event.track_uuid] = packet.timestamp, event.name
                for flow in event.flow_ids:
                    self.flows[flow].append(event.name)
            elif event.type == TrackEvent.TYPE_SLICE_END:
                start, name = begun.pop(event.track_uuid)
                self.slices[event.track_uuid].append((start, packet.timestamp, name))
            else:
                assert event.type == TrackEvent.TYPE_COUNTER
                self.counters[event.track_uuid].append((packet.timestamp, event.counter_value))
        assert not begun

    def rows(self, unit: str, prefix: str) -> list[tuple[int, int, str]]:
        """The slices of all rows of a DRAM whose names begin so."""
        group = next((uuid for uuid, title in self.names.items() if title == f"{unit}: commands"), None)
        mine = [uuid for uuid, parent in self.parents.items() if parent == group]
        return [one for uuid in mine if self.names[uuid].startswith(prefix) for one in self.slices[uuid]]

    def of(self, name: str) -> list[tuple[int, int, str]]:
        """The slices of a track."""
        return self.slices[next(uuid for uuid, title in self.names.items() if title == name)]


def check(plan: Plan, found: Timeline) -> Read:
    """What holds of every trace."""
    read = Read(found.content)
    assert {*read.slices, *read.counters} <= {*read.names} and {*read.parents.values()} <= {*read.names}
    assert all(times == sorted(times) for times in read.times.values())
    for slices in read.slices.values():
        assert all(start < end for start, end, _ in slices)
        assert all(one[1] <= other[0] for one, other in pairwise(slices))
    assert all(len(ends) == 2 for ends in read.flows.values())
    assert len(read.flows) == found.flows
    assert sum(map(len, read.slices.values())) == found.slices
    return read


def services(plan: Plan, trace: Trace) -> Services:
    """Of the reference engine; what the compiled one notes of the same run is the same, and as its ledger."""
    found, compiled, ledger = (
        services_of(plan, trace, "simpy"),
        services_of(plan, trace),
        run_plan(plan, trace),
    )
    assert compiled[:3] == found[:3]
    worked = np.zeros(len(plan.units), np.int64)
    for one in found.served:
        worked[one.unit] += one.end_ps - one.start_ps
    assert np.array_equal(worked, ledger.busy_ps + ledger.stalled_ps)
    area, peak = np.zeros(len(plan.units), np.int64), np.zeros(len(plan.units), np.int64)
    for unit in range(len(plan.units)):
        lengths = [one for one in found.waiting if one.unit == unit]
        assert not lengths or lengths[-1].length == 0
        for one, other in pairwise(lengths):
            area[unit] += one.length * (other.time_ps - one.time_ps)
        peak[unit] = max((one.length for one in lengths), default=0)
    assert np.array_equal(area, ledger.queue_area_ps)
    assert (peak <= ledger.queue_peak).all()  # a job that comes and goes in one tick was in the queue
    return found


@settings(max_examples=15, deadline=None)
@given(cases())
def test_every_trace_is_whole_and_agrees_with_the_compiled_engine(case: Case) -> None:
    network, trace, chip, _, mapping = case
    plan, one = compile_plan(network, chip, mapping), trace.sequence(0)
    found = services(plan, one)
    whole = timeline(plan, found, range(one.steps))
    read = check(plan, whole)
    assert timeline(plan, services_of(plan, one), range(one.steps)) == whole  # byte for byte
    for number, memory in enumerate(plan.memories.records):
        if memory["kind"] in (DRAM, CONTROLLER) and whole.end_ps == found.ledger.elapsed_ps:
            check_dram(plan, int(memory["unit"]), plan.memories.component[number], read, found.ledger)
    sent = sum(name.startswith("message") for part in read.slices.values() for *_, name in part)
    assert sent == 0 or whole.flows > 0 or one.lost.size == len(one.messages)
    check(plan, timeline(plan, found, range(one.steps - 1, one.steps)))


def check_dram(plan: Plan, unit: int, component: str, read: Read, ledger: Ledger) -> None:
    """What is drawn of a DRAM is what was counted."""
    name, counted = plan.units[unit].name, ledger.counts[unit]
    kinds = Counter(text.split()[0] for *_, text in read.rows(name, "bank"))
    assert kinds["activate"] == counted[plan.actions.index(f"{component}.activate")]
    bursts = counted[plan.actions.index(f"{component}.read")]
    assert len(read.rows(name, "data bus")) == bursts
    assert kinds["read"] == bursts


def by_hand() -> tuple[Plan, Trace]:
    """Two of four inputs sent to two neurons, at two steps, on the plain chip with a send stage."""
    network, own = chain(4, 2), chip({"cores.send.cycles": 2})
    trace = trace_of(network, [[(0, 0), (0, 3)], [(0, 1)]])
    return compile_plan(network, own, map_network(network, own)), trace


def test_a_timeline_by_hand() -> None:
    plan, trace = by_hand()
    found = timeline(plan, services(plan, trace), range(1))
    read = check(plan, found)
    assert read.of("core0.scan") == [(0, 4000, "scan input->dense_0, step 0")]
    first, second = read.of("core0.send")  # judged after 1 and 4 cycles, 2 cycles each
    assert first == (1000, 3000, "message 0 of input->dense_0, step 0")
    assert second == (4000, 6000, "message 3 of input->dense_0, step 0")
    columns = read.of("core0.mac")  # an address, a scratchpad access of one cycle, then the sums
    assert [(start, end) for start, end, _ in columns] == [(5000, 6000), (8000, 9000)]
    assert read.of("core0.update") == [(9000, 10000, "update dense_0, step 0")]
    assert found.flows == 2
    assert sorted(read.flows.values()) == [
        [f"message {source} of input->dense_0, step 0", f"column {source} of input->dense_0, step 0"]
        for source in (0, 3)
    ]
    assert (found.start_ps, found.end_ps) == (0, 10000)


def test_steps_are_cut_out() -> None:
    plan, trace = by_hand()
    read = check(plan, timeline(plan, services(plan, trace), range(1, 2)))
    assert [name for *_, name in read.of("core0.send")] == ["message 1 of input->dense_0, step 1"]


def test_a_timeline_is_bounded_and_says_what_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, trace = by_hand()
    monkeypatch.setattr(timelines, "MOST_SLICES", 5)
    found = timeline(plan, services(plan, trace), range(2))
    assert found.slices <= 5 < found.of
    check(plan, found)


def test_numbers_are_written_as_the_schema_reads_them() -> None:
    large = (1 << 63) - 1
    content = perfetto.track(7, "ä") + perfetto.slice_of(7, 0, large, "long", [1, large])
    read = Read(content + perfetto.counted(7, large, 300))
    assert read.of("ä") == [(0, large, "long")] and read.counters[7] == [(large, 300)]
    assert dict(read.flows) == {1: ["long"], large: ["long"]}
