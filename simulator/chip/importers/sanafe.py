"""An architecture file of SANA-FE as a chip."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.importers.sanafe.fields import (
    LOGGED,
    MOST_BYTES,
    entries,
    flattened,
    folded,
    instances,
    known,
    mapping,
    number,
    read_section,
    said,
    truth,
    whole,
)
from deltasim.networks.importers.sanafe.network import INPUTS, NEURONS, Mapped
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.names import as_name
from deltasim.simulator.chip.actions import DIRECTIONS
from deltasim.simulator.chip.description import Chip
from deltasim.simulator.chip.loading import chip_from_content
from deltasim.simulator.chip.parts import MOST_CORES

SECTIONS = ("axon_in", "synapse", "dendrite", "soma", "axon_out")
COSTS = {
    "axon_in": ("message_in",),
    "synapse": ("process_spike",),
    "dendrite": ("update",),
    "soma": ("access_neuron", "update_neuron", "spike_out"),
    "axon_out": ("message_out",),
}
"""What each unit of a core does, each with an energy and a latency."""

MODELS = {
    "synapse": ("current_based",),
    "dendrite": ("accumulator",),
    "soma": ("leaky_integrate_fire", "input"),
}
SECTION = re.compile(r"""^{?["']?architecture["']?\s*:""", re.MULTILINE)
OF_CHIP = ("topology", "width", "height", "link_buffer_size", "sync_model", "latency_sync", *LOGGED)
OF_CORE = ("buffer_position", "buffer_inside_unit", "max_neurons_supported", *LOGGED)
SYNAPSES = "synapses"
MOST_SYNAPSES = "1 GiB"  # of a core: SANA-FE sets no limit
MOST_UNITS = 1 << 16
WIDEST = 1 << 20


class Cost(NamedTuple):
    """What an event takes: joules, and picoseconds."""

    energy_j: float
    latency_ps: int


NOTHING = Cost(0.0, 0)


class Unit(NamedTuple):
    """A unit of a core: its name, its model, and what each of its events costs."""

    name: str
    model: str
    costs: tuple[Cost, ...]


class CoreKind(NamedTuple):
    """A core: how many neurons it holds, and its units by section."""

    neurons: int
    units: dict[str, tuple[Unit, ...]]


class Architecture(NamedTuple):
    """What an architecture file says: tiles, all alike, on a grid filled column by column from below."""

    name: str
    width: int
    height: int
    tiles: int
    cores: int  # in each tile
    hops: dict[str, Cost]
    core: CoreKind
    sync_ps: tuple[tuple[int, int], ...]  # from so many tiles in use on, a barrier takes so long
    place: str

    def core_of(self, tile: int, core: int) -> int:
        """The number of a core: tile ``x * height + y`` stands at column x and height y, row 0 is on top."""
        column, up = divmod(tile, self.height)
        return ((self.height - 1 - up) * self.width + column) * self.cores + core


def is_architecture(path: Path) -> bool:
    """Whether a YAML file has a section ``architecture``, as those of SANA-FE have and chips have not."""
    from deltasim.runtime.readers.files import Unreadable, read_text

    try:
        return bool(SECTION.search(read_text(path, MOST_BYTES)))
    except Unreadable:
        return False


def load_architecture(path: str | Path, mapped: Sequence[Mapped] = (), always_updated: bool = False) -> Chip:
    """The chip of an architecture file, with the neurons of a network where its file puts them.

    Latencies become cycles of one clock, which they all are whole multiples of. One pipeline of a core goes
    from neuron to neuron and sends, another takes messages in. Without a network the first unit of each
    section counts. Errors: InputError that names what a chip of deltasim does not have.
    """
    found = read_architecture(path)
    units = units_of(found, mapped)
    homes, used = homes_of(found, mapped), {run.tile for run in mapped} or set(range(found.tiles))
    costs = {section: dict(zip(COSTS[section], unit.costs, strict=True)) for section, unit in units.items()}
    barrier_ps = sync_of(found, len(used))
    times = [cost.latency_ps for section in costs.values() for cost in section.values()]
    times += [cost.latency_ps for cost in found.hops.values()] + [barrier_ps]
    period_ps = math.gcd(*times) or 1000

    def cycles(*given: Cost) -> int:
        return sum(cost.latency_ps for cost in given) // period_ps

    soma, synaptic = costs["soma"], (costs["synapse"]["process_spike"], costs["dendrite"]["update"])
    access, update, spike = (soma[name] for name in COSTS["soma"])
    sends, receives = costs["axon_out"]["message_out"], costs["axon_in"]["message_in"]
    told = not always_updated
    content: dict[str, Any] = {
        "name": found.name,
        "about": f"{found.tiles} tiles of {found.cores} cores, from an architecture file of SANA-FE",
        "status": "hypothetical",
        "node": "not stated",
        "sources": [f"SANA-FE architecture {Path(path).name}"],
        "cores": {
            "count": found.width * found.height * found.cores,
            "clock": f"{1e12 / period_ps!r} Hz",
            "scan": {
                "elements_per_cycle": WIDEST,
                "message_cycles": cycles(spike),
                "copy_cycles": cycles(sends),
            },
            "send": {"cycles": 0},
            "receive": {"cycles": cycles(receives)},
            "mac": {"lanes": 1, "cycles": cycles(*synaptic)} if cycles(*synaptic) else {"lanes": WIDEST},
            "update": {
                "lanes": 1,
                "cycles": cycles(update) if told else cycles(access, update),
                **({"access_cycles": cycles(access)} if told else {}),
                "during": "scan",
            },
            "outstanding_fetches": 64,
            **({"shared_units": [["receive", "mac"]]} if cycles(receives) else {}),
        },
        "memories": [
            {
                "name": SYNAPSES,
                "kind": "scratchpad",
                "size": MOST_SYNAPSES,
                "width": "65536 bit",
                "latency": "1 cycle",
            }
        ],
        "network": {
            "topology": topology_of(found),
            "clock": f"{1e12 / period_ps!r} Hz",
            "link_width": "32 bit",
            "hop_cycles": 1,
            "message_bits": 32,
            "request_bits": 32,
            "delivery": "unicast",
            "directions": {where: max(1, cycles(found.hops[where])) for where in DIRECTIONS},
        },
        "placement": {"explicit": homes},
        "synchronisation": {"policy": "barrier", "cost": f"{barrier_ps // period_ps} cycles"},
    }
    energies = {
        "core.mac": sum(cost.energy_j for cost in synaptic),
        "core.update": update.energy_j if told else access.energy_j + update.energy_j,
        **({"core.access": access.energy_j} if told else {}),
        "core.emit": spike.energy_j,
        "core.send": sends.energy_j,
        "core.receive": receives.energy_j,
        **{f"link.{where}": found.hops[where].energy_j for where in DIRECTIONS},
    }
    content["prices"] = prices(energies, found.cores > 1, Path(path).name)
    return chip_from_content(content, place=found.place)


def prices(energies: dict[str, float], has_switches: bool, file: str) -> dict[str, Any]:
    """Prices of all actions: those of the file, and 0 for what SANA-FE does not know."""
    about = {"node": "not stated", "kind": "estimated"}
    found: dict[str, Any] = {
        name: about | {"energy": f"{value!r} J", "source": f"SANA-FE architecture {file}"}
        for name, value in energies.items()
    }
    unknown = ["core.scan", "core.state_read", "core.state_write", f"{SYNAPSES}.read", "router.flit"]
    unknown += ["link.flit"] if has_switches else []
    for name in unknown:
        found[name] = about | {"energy": "0 J", "source": "not in an architecture of SANA-FE"}
    for name in ("core.leakage", f"{SYNAPSES}.leakage", "network.leakage"):
        found[name] = about | {"power": "0 W", "source": "not in an architecture of SANA-FE"}
    return found


def read_architecture(path: str | Path) -> Architecture:
    """Read the file. Errors: InputError."""
    place = str(path)
    described = mapping(read_section(path, "architecture")["architecture"], f"{place}: architecture")
    here = f"{place}: architecture"
    known(described, ("name", "attributes", "tile"), here)
    attributes = flattened(described.get("attributes", ""), f"{here}.attributes")
    known(attributes, OF_CHIP, f"{here}.attributes")
    if attributes.get("topology", "mesh") != "mesh":
        rule = "tiles lie on a mesh"
        raise InputError(f"{here}.attributes.topology", said(attributes["topology"]), rule, "Write mesh.")
    width, height = (
        whole(attributes.get(n, ""), f"{here}.attributes.{n}", 4096) for n in ("width", "height")
    )
    tiles, kinds = 0, []
    for tile in entries(described.get("tile", ""), f"{here}.tile"):
        fields = mapping(tile, f"{here}.tile")
        at = f"{here}.tile {said(fields.get('name', ''))}"
        known(fields, ("name", "attributes", "core"), at)
        tiles += sum(1 for _ in instances(str(fields.get("name", "")), at))
        kinds.append((hops_of(fields.get("attributes", ""), at), cores_of(fields.get("core", ""), at)))
    if not kinds or any(kind != kinds[0] for kind in kinds):
        rule = "tiles of a chip are alike, at least one"
        raise InputError(f"{here}.tile", f"{len(kinds)} kinds of tile", rule, "Describe one kind.")
    if not 1 <= tiles <= width * height:
        rule = f"tiles lie on a grid of {width} by {height}"
        raise InputError(f"{here}.tile", f"{tiles} tiles", rule, "Make the two agree.")
    hops, cores = kinds[0]
    if width * height * len(cores) > MOST_CORES:
        rule = f"a chip has at most {MOST_CORES:,} cores"
        raise InputError(
            f"{here}.tile", f"{width} x {height} tiles of {len(cores):,}", rule, "Make it smaller."
        )
    name = as_name(str(described.get("name") or Path(path).stem))
    sync = sync_table(attributes, f"{here}.attributes")
    return Architecture(name, width, height, tiles, len(cores), hops, cores[0], sync, place)


def cost_of(attributes: dict[str, Any], what: str, here: str) -> Cost:
    """The energy and the latency of an event."""
    energy, latency = (number(attributes.get(f"{kind}_{what}", ""), f"{here}.{kind}_{what}")
                       for kind in ("energy", "latency"))  # fmt: skip
    if energy < 0 or not 0 <= latency < 1:
        rule = "an energy is at least 0 J, a latency at least 0 s and below a second"
        raise InputError(f"{here}.{what}", f"{energy:g} J, {latency:g} s", rule, "Mend it.")
    return Cost(energy, round(latency * 1e12))


def hops_of(value: object, here: str) -> dict[str, Cost]:
    """By direction, what a hop costs."""
    attributes = flattened(value, f"{here}.attributes")
    wanted = tuple(f"{kind}_{where}_hop" for kind in ("energy", "latency") for where in DIRECTIONS)
    known(attributes, (*wanted, *LOGGED), f"{here}.attributes")
    return {where: cost_of(attributes, f"{where}_hop", f"{here}.attributes") for where in DIRECTIONS}


def cores_of(value: object, here: str) -> list[CoreKind]:
    """The cores of a tile, one for each, all alike."""
    found: list[CoreKind] = []
    for core in entries(value, f"{here}.core"):
        fields = mapping(core, f"{here}.core")
        at = f"{here}.core {said(fields.get('name', ''))}"
        known(fields, ("name", "attributes", *SECTIONS), at)
        attributes = flattened(fields.get("attributes", ""), f"{at}.attributes")
        known(attributes, OF_CORE, f"{at}.attributes")
        inside = truth(attributes.get("buffer_inside_unit", "false"), f"{at}.attributes.buffer_inside_unit")
        position = attributes.get("buffer_position", "")
        if position != "soma" or inside:
            rule = "what came for a neuron in a step waits in front of its soma until the next"
            raise InputError(f"{at}.attributes.buffer_position", said(position), rule, "Write soma.")
        most = whole(attributes.get("max_neurons_supported", ""), f"{at}.attributes.max_neurons_supported")
        units = {section: units_in(fields.get(section, ""), section, at) for section in SECTIONS}
        copies = sum(1 for _ in instances(str(fields.get("name", "")), at))
        found += [CoreKind(most, units)] * copies
    if not found or any(core != found[0] for core in found):
        raise InputError(
            f"{here}.core", f"{len(found)} cores", "cores of a chip are alike", "Describe one kind."
        )
    return found


def units_in(value: object, section: str, here: str) -> tuple[Unit, ...]:
    """The units of a core in one section."""
    found: list[Unit] = []
    for unit in entries(value, f"{here}.{section}"):
        fields = dict(mapping(unit, f"{here}.{section}"))
        name = str(fields.pop("name", ""))
        at = f"{here}.{section} {said(name)}"
        known(fields, ("attributes",), at)
        attributes = flattened(fields.get("attributes", ""), at)
        costs = tuple(f"{kind}_{what}" for kind in ("energy", "latency") for what in COSTS[section])
        extra = ("model", "update_every_timestep") if section in MODELS else ()
        known(attributes, (*costs, *extra, *LOGGED), at)
        model = str(attributes.get("model", ""))
        own = tuple(cost_of(attributes, what, at) for what in COSTS[section])
        always = truth(attributes.get("update_every_timestep", "false"), f"{at}.update_every_timestep")
        if always and (section != "dendrite" or set(own) != {NOTHING}):
            rule = "a unit works in every step only where it is a dendrite that costs nothing"
            raise InputError(f"{at}.update_every_timestep", "true", rule, "Leave it out.")
        found += [Unit(one, model, own) for one in islice(instances(name, at), MOST_UNITS + 1)]
        if len(found) > MOST_UNITS:
            rule = f"a core has at most {MOST_UNITS:,} of a section"
            raise InputError(at, "too many units", rule, "Shorten the range.")
    if not found:
        raise InputError(here, f"no {section}", f"a core has the sections {', '.join(SECTIONS)}", "Add it.")
    return tuple(found)


def units_of(found: Architecture, mapped: Sequence[Mapped]) -> dict[str, Unit]:
    """The one unit of each section that the neurons use, and which they share.

    Inputs may lie on units of model ``input``, which cost nothing.
    """
    chosen = {section: units[0] for section, units in found.core.units.items()}
    somas = [unit for unit in found.core.units["soma"] if unit.model != "input"]
    chosen["soma"] = somas[0] if somas and not mapped else chosen["soma"]
    for place, section in enumerate(("synapse", "dendrite", "soma")):
        by_name = {"": found.core.units[section][0]} | {unit.name: unit for unit in found.core.units[section]}
        for population in (INPUTS, NEURONS):
            named = {run.units[place] for run in mapped if run.population == population}
            used = {unit_named(by_name, name, f"{found.place}: {section}") for name in named}
            if population == INPUTS and section == "soma":
                require_inputs(found, used)
            elif population == NEURONS and used:
                if len({unit._replace(name="") for unit in used}) > 1:
                    rule = f"all neurons use {section}s that cost the same"
                    raise InputError(f"{found.place}: {section}", f"{len(used)} in use", rule, "Use one.")
                chosen[section] = used.pop()
    for section, models in MODELS.items():
        wanted = tuple(model for model in models if model != "input")
        if chosen[section].model not in wanted:
            rule = f"deltasim knows the model {wanted[0]} for a {section} of neurons"
            at = f"{found.place}: {section} {chosen[section].name}"
            raise InputError(at, said(chosen[section].model), rule, nearest(chosen[section].model, wanted))
    return chosen


def unit_named(by_name: dict[str, Unit], name: str, place: str) -> Unit:
    """A unit by its name. Errors: InputError."""
    if name not in by_name:
        raise InputError(
            place, said(name), "there is no such unit", nearest(name, folded(filter(None, by_name)))
        )
    return by_name[name]


def require_inputs(found: Architecture, used: set[Unit]) -> None:
    """Inputs come from outside: their somas are of model input, and cost nothing."""
    for unit in used:
        if unit.model != "input" or set(unit.costs) != {NOTHING}:
            rule = "an input comes from outside: it lies on a soma of model input that costs nothing"
            raise InputError(f"{found.place}: soma {unit.name}", unit.model, rule, "Map it to such a unit.")


def homes_of(found: Architecture, mapped: Sequence[Mapped]) -> dict[str, Any]:
    """Where each population lies: its cores, and the neurons on each."""
    held: dict[int, int] = {}
    cores: dict[str, list[int]] = {}
    counts: dict[str, list[int]] = {}
    for run in mapped:
        at = f"{found.place}: {run.tile}.{run.core}"
        if run.tile >= found.tiles or run.core >= found.cores:
            rule = f"there are {found.tiles} tiles of {found.cores} cores"
            raise InputError(at, "a mapping", rule, "Map to one of these.")
        core = found.core_of(run.tile, run.core)
        held[core] = held.get(core, 0) + run.neurons
        if held[core] > found.core.neurons:
            rule = f"a core holds {found.core.neurons:,} neurons"
            raise InputError(at, f"{held[core]:,} neurons", rule, "Map some elsewhere.")
        own = cores.setdefault(run.population, [])
        if own and own[-1] == core:
            counts[run.population][-1] += run.neurons
            continue
        own.append(core)
        counts.setdefault(run.population, []).append(run.neurons)
    return {"cores": cores, "neurons": counts} if cores else {}


def topology_of(found: Architecture) -> str:
    grid = f"{found.height}x{found.width}"
    return f"mesh:{grid}" if found.cores == 1 else f"cmesh:{grid}x{found.cores}"


def sync_table(attributes: dict[str, Any], here: str) -> tuple[tuple[int, int], ...]:
    """From how many tiles in use on a barrier takes how long, in picoseconds."""
    model, given = attributes.get("sync_model", "fixed"), attributes.get("latency_sync", "0")
    if model not in ("fixed", "table"):
        raise InputError(
            f"{here}.sync_model", said(model), "a barrier is fixed or by a table", "Write fixed."
        )
    if isinstance(given, list):
        given = {str(place): value for place, value in enumerate(given)}
    rows = mapping(given if isinstance(given, dict) else {"0": given}, f"{here}.latency_sync")
    found = []
    for tiles, value in rows.items():
        latency = number(value, f"{here}.latency_sync")
        if not 0 <= latency < 1:
            rule = "a latency is at least 0 s and below a second"
            raise InputError(f"{here}.latency_sync", f"{latency:g} s", rule, "Mend it.")
        found.append((whole(tiles, f"{here}.latency_sync"), round(latency * 1e12)))
    return tuple(sorted(found)) or ((0, 0),)


def sync_of(found: Architecture, tiles: int) -> int:
    """How long a barrier takes with so many tiles in use: by the last row that is not above, or the first."""
    below = [latency for least, latency in found.sync_ps if least <= tiles]
    return below[-1] if below else found.sync_ps[0][1]
