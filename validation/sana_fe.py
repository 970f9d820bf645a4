"""Networks and chips in SANA-FE's files: what deltasim makes of them beside what SANA-FE itself does.

    python -m deltasim.validation.sana_fe docs/sana-fe.md    # writes its table
    python -m deltasim.validation.sana_fe --record           # runs SANA-FE, and writes its figures

SANA-FE sends the spikes of a step in that step, deltasim in the next. So `STEPS` steps there are held against
one more here. The updates of that one are counted on both sides, and what SANA-FE sends in it is left out:
SANA-FE's own trace tells each step apart.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.importers.sanafe.network import Described, read_network
from deltasim.reports.quantities import quantity
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.importers.sanafe import load_architecture
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan

Range: TypeAlias = tuple[float, float]

STEPS = 40
RECORDED = Path(__file__).parent / "sana_fe.json"
PARTS = {
    "synapse": ("core.mac",),
    "soma": ("core.access", "core.update", "core.emit"),
    "network": ("core.send", "core.receive", "link.east", "link.west", "link.north", "link.south"),
}
"""SANA-FE's parts of the energy, and what deltasim counts for them; its network holds the axons."""


class Drawn(NamedTuple):
    """What a random network and its chip are drawn from."""

    name: str
    about: str
    seed: int
    width: int
    height: int
    cores: int  # at each tile
    inputs: int
    neurons: int
    fan_out: int
    leak: float = 1.0
    bias: bool = False
    forced: bool = False
    soft: bool = False
    refractory: int = 0
    own: bool = False
    slow: bool = False  # receiving takes longer than sending


CASES = (
    Drawn("driven", "driven from outside, neurons at rest not updated", 1, 2, 2, 1, 16, 160, 8, leak=0.5),
    Drawn("biased", "a bias for each neuron, four cores at a tile", 2, 2, 1, 4, 8, 320, 12, bias=True),
    Drawn("soft", "reset by subtraction, own thresholds", 3, 4, 2, 1, 24, 320, 10, 0.75, soft=True, own=True),
    Drawn("forced", "all updated, refractory", 4, 3, 3, 1, 32, 360, 10, 0.9, forced=True, refractory=3),
    Drawn(
        "slow", "cores that take in for longer than they send", 5, 2, 2, 2, 16, 240, 20, 0.5, True, slow=True
    ),
    Drawn("large", "many neurons on few cores", 6, 2, 2, 1, 16, 1200, 16, 0.5, True),
    Drawn("small", "few neurons on each core, far apart", 7, 6, 6, 1, 16, 144, 8, 0.5, True),
)


def drawn(of: Drawn) -> tuple[str, str]:
    """An architecture file and a network file; the same for the same seed."""
    rng = np.random.default_rng(of.seed)
    tiles = of.width * of.height

    def cost(what: str, joules: Range, seconds: Range) -> dict[str, float]:
        energy = round(float(rng.uniform(joules[0], joules[1])), 1) * 1e-12
        return {
            f"energy_{what}": energy,
            f"latency_{what}": round(float(rng.uniform(seconds[0], seconds[1])), 1) * 1e-9,
        }

    hops = [cost(f"{way}_hop", (2, 5), (0.5, 2)) for way in ("north", "east", "south", "west")]
    free = {f"{kind}_{what}": 0.0 for kind in ("energy", "latency")
            for what in ("access_neuron", "update_neuron", "spike_out")}  # fmt: skip
    soma = cost("access_neuron", (20, 60), (2, 6)) | cost("update_neuron", (10, 40), (1, 4))
    soma |= cost("spike_out", (30, 90), (5, 30))
    in_time = (10, 20) if of.slow else (1, 3)
    somas: list[dict[str, Any]] = [
        {"name": "lif", "attributes": {"model": "leaky_integrate_fire"} | soma},
        {"name": f"outside[0..{of.inputs - 1}]", "attributes": {"model": "input"} | free},
    ]
    unused, used = cost("process_spike", (1, 2), (1, 2)), cost("process_spike", (20, 40), (0.5, 4))
    core = {
        "name": f"core[0..{of.cores - 1}]",
        "attributes": {"buffer_position": "soma", "buffer_inside_unit": False, "max_neurons_supported": 1024},
        "axon_in": [{"name": "in", "attributes": cost("message_in", (1, 9), in_time)}],
        "synapse": [
            {"name": "other", "attributes": {"model": "current_based"} | unused},
            {"name": "used", "attributes": {"model": "current_based"} | used},
        ],
        "dendrite": [
            {"name": "sum", "attributes": {"model": "accumulator"} | cost("update", (0, 0), (0, 0))}
        ],
        "soma": somas,
        "axon_out": [{"name": "out", "attributes": cost("message_out", (60, 120), (2, 6))}],
    }
    attributes = {"topology": "mesh", "width": of.width, "height": of.height, "link_buffer_size": 16}
    attributes |= {"sync_model": "table", "latency_sync": {1: 0.1e-6, tiles: 0.4e-6}}
    ways = {name: value for hop in hops for name, value in hop.items()}
    tile = {"name": f"tile[0..{tiles - 1}]", "attributes": ways, "core": [core]}
    architecture = {"architecture": {"name": of.name, "attributes": attributes, "tile": [tile]}}
    return as_yaml(architecture), network_text(of, rng)


def as_yaml(content: Any) -> str:
    """In one line: the quickest to read."""
    import yaml

    return str(yaml.safe_dump(content, default_flow_style=True, width=1 << 30, sort_keys=False))


def network_text(of: Drawn, rng: np.random.Generator) -> str:
    """The network file: inputs that fire at random, neurons joined at random, spread over all cores."""
    trains = rng.random((of.inputs, STEPS)) < 0.3
    members: list[dict[int, Any]] = []
    for neuron in range(of.neurons):
        own: list[dict[str, Any]] = []
        if of.bias:
            own.append({"bias": int(rng.integers(1, 20)) / 64})
        if of.own:
            own.append({"threshold": int(rng.integers(64, 192)) / 64})
        members.append({neuron: own})
    shared: dict[str, Any] = {"leak_decay": of.leak, "reset_mode": "soft" if of.soft else "hard"}
    shared |= {"threshold": 1.0, "log_spikes": True, "synapse_hw_name": "used", "soma_hw_name": "lif"}
    shared |= {"force_update_every_timestep": True} if of.forced else {}
    shared |= {"refractory_delay": of.refractory} if of.refractory else {}
    outside: list[dict[int, Any]] = [
        {number: [{"spikes": [int(spike) for spike in train]}]} for number, train in enumerate(trains)
    ]
    groups = [
        {"name": "in", "attributes": {}, "neurons": outside},
        {"name": "lif", "attributes": shared, "neurons": members},
    ]
    edges = []
    for group, size in (("in", of.inputs), ("lif", of.neurons)):
        for source in range(size):
            for target in sorted(rng.choice(of.neurons, of.fan_out, replace=False).tolist()):
                weight = int(rng.integers(-24, 40 if group == "lif" else 80)) / 64
                edges.append({f"{group}.{source} -> lif.{target}": [{"weight": weight}]})
    cores = of.width * of.height * of.cores
    mappings = [
        {f"in.{n}": [{"core": core_name(of, n % cores)}, {"soma": f"outside[{n}]"}]} for n in range(of.inputs)
    ]
    mappings += [{f"lif.{n}": [{"core": core_name(of, n * cores // of.neurons)}]} for n in range(of.neurons)]
    return as_yaml({"network": {"name": of.name, "groups": groups, "edges": edges}, "mappings": mappings})


def core_name(of: Drawn, core: int) -> str:
    return f"{core // of.cores}.{core % of.cores}"


class Figures(NamedTuple):
    """Spikes of each neuron over all steps, joules by part, and seconds."""

    spikes: Any  # of each neuron in order, or by address
    joules: dict[str, float]
    seconds: float


def ours(described: Described, chip: Chip) -> Figures:
    """What deltasim makes of a network on a chip, of `STEPS` steps with the sends of each."""
    mapping = map_network(described.network, chip)
    plan = compile_plan(described.network, chip, mapping)
    trace, (fired,) = execute(described.network, [described.frames(STEPS + 1)])
    energy = price(run_plan(plan, trace), chip)
    by_action = {line.action: line.joules for line in energy.lines}
    joules = {part: sum(by_action.get(name, 0.0) for name in names) for part, names in PARTS.items()}
    longer, _ = execute(described.network, [described.frames(STEPS + 2)])
    latency = run_plan(plan, longer).step_latency_ps[1 : STEPS + 1]
    seconds = (int(latency.sum()) + STEPS * plan.barrier_cost_ps) * 1e-12
    return Figures(
        fired[:STEPS].sum(axis=0).astype(int).tolist(), joules | {"total": energy.total_j}, seconds
    )


def peers(architecture: Path, network: Path) -> dict[str, Any]:
    """What SANA-FE makes of the same files: spikes of each neuron, and joules and seconds of each step."""
    import sanafe

    loaded = sanafe.load_arch(str(architecture))
    chip = sanafe.SpikingChip(loaded)
    described = sanafe.load_net(str(network), loaded)
    chip.load(described)
    result = chip.sim(STEPS + 1, timing_model="simple", spike_trace=True, perf_trace=True)
    fired: dict[str, int] = {}
    for step in result["spike_trace"][:STEPS]:
        for address in step:
            fired[str(address)] = fired.get(str(address), 0) + 1
    trace = result["perf_trace"]
    steps = {part: trace[f"{part}_energy"] for part in (*PARTS, "dendrite", "total")}
    return {"spikes": fired, "joules": steps, "seconds": trace["sim_time"], "fired": trace["fired"]}


def recorded(one: dict[str, Any], spike_j: float, inputs_last: int) -> Figures:
    """SANA-FE's figures of `STEPS` steps and the updates of a further one, without what that one sends.

    ``spike_j`` is what a spike takes, of which the last step's ``inputs_last`` inputs take none.
    """
    joules = {part: sum(steps[:STEPS]) for part, steps in one["joules"].items()}
    updates = one["joules"]["soma"][STEPS] - (one["fired"][STEPS] - inputs_last) * spike_j
    joules["soma"] += updates
    joules["total"] += updates
    joules.pop("dendrite")
    return Figures(one["spikes"], joules, sum(one["seconds"][:STEPS]))


class Compared(NamedTuple):
    """A case: neurons whose spikes differ, relative differences of joules by part, and of the time."""

    case: Drawn
    neurons: int
    spikes: int
    unequal: int
    joules: dict[str, float]
    seconds: float
    step_s: float


def compared(case: Drawn, one: dict[str, Any]) -> Compared:
    """deltasim's figures of a case held against SANA-FE's."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "arch.yaml", Path(folder) / "net.yaml"
        for file, text in zip(files, drawn(case), strict=True):
            file.write_text(text)
        described = read_network(files[1])
        chip = load_architecture(files[0], described.mapped, described.always_updated)
    found = ours(described, chip)
    spike_j = chip.priced["core.emit"].value
    last = int(described.frames(STEPS + 1)[STEPS].sum())
    theirs = recorded(one, spike_j, last)
    pairs = [(found.joules[part], theirs.joules[part]) for part in theirs.joules]
    unequal = sum(
        spikes != theirs.spikes.get(address, 0)
        for address, spikes in zip(described.addresses["neurons"], found.spikes, strict=True)
    )
    return Compared(
        case,
        len(found.spikes),
        sum(found.spikes),
        unequal,
        {part: mine / other - 1 for part, (mine, other) in zip(theirs.joules, pairs, strict=True)},
        found.seconds / theirs.seconds - 1,
        theirs.seconds / STEPS,
    )


def record() -> None:
    """Run SANA-FE on all cases and write what it says."""
    found = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "arch.yaml", Path(folder) / "net.yaml"
            for file, text in zip(files, drawn(case), strict=True):
                file.write_text(text)
            found[case.name] = peers(*files)
    RECORDED.write_text(json.dumps(found) + "\n")


def all_compared() -> list[Compared]:
    """Every case beside what was recorded."""
    found = json.loads(RECORDED.read_text())
    return [compared(case, found[case.name]) for case in CASES]


ENERGY_GOAL, TIME_GOAL = 1e-9, 0.03


def row(one: Compared) -> str:
    """A line of the table."""
    apart = [f"{one.joules[part]:+.0e}" for part in (*PARTS, "total")]
    kept = one.unequal == 0 and max(map(abs, one.joules.values())) <= ENERGY_GOAL
    verdict = "kept" if kept and abs(one.seconds) <= TIME_GOAL else "missed"
    cells = [
        f"{one.case.name}: {one.case.about}",
        f"{one.neurons:,}",
        f"{one.spikes:,}",
        str(one.unequal),
        *apart,
    ]
    return f"| {' | '.join([*cells, quantity(one.step_s, 's'), f'{100 * one.seconds:+.2f} %', verdict])} |"


def with_table(page: str, rows: Sequence[str]) -> str:
    r"""The page with these rows in its table.

    >>> with_table("a\n\n| network | 1 |\n|---|---|\n| old | 2 |\n\nb\n", ["| new | 3 |"])
    'a\n\n| network | 1 |\n|---|---|\n| new | 3 |\n\nb\n'
    """
    before, heading, rest = page.partition("| network |")
    first, line, _ = rest.partition("\n")
    ruler = rest.splitlines()[1]
    return before + heading + first + line + "\n".join([ruler, *rows]) + "\n" + rest[rest.index("\n\n") + 1 :]


def main() -> None:
    if "--record" in sys.argv:
        record()
        return
    page = Path(sys.argv[1])
    page.write_text(
        with_table(page.read_text(encoding="utf-8"), [*map(row, all_compared())]), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
