"""A network file of SANA-FE: groups of neurons, edges, and on which core each neuron lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.cells import Input, TruncatedLIF
from deltasim.networks.connections import Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.importers.sanafe.fields import (
    LOGGED,
    MOST_INSTANCES,
    entries,
    flattened,
    known,
    mapping,
    number,
    read_section,
    said,
    span,
    truth,
    whole,
)
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.names import as_name

INPUTS, NEURONS = "inputs", "neurons"
RESET_MODES = {"hard": "to_value", "soft": "by_subtraction"}
UNITS = ("synapse", "dendrite", "soma")
NUMBERS = ("threshold", "leak_decay", "reset", "bias")
LARGEST = float(np.finfo(np.float32).max)
USUAL = {"threshold": 0.0, "leak_decay": 1.0, "reset": 0.0, "bias": 0.0}
FORCED = ("force_update", "force_update_every_timestep")
DRIVEN = ("spikes", "rate")
AT_REST = ("potential", "input_decay", "poisson")  # known, and only at 0
REVERSED = ("reverse_threshold", "reverse_reset", "reverse_reset_mode")
NAMES = tuple(f"{unit}_hw_name" for unit in UNITS)
OF_NEURONS = (*NUMBERS, *FORCED, *DRIVEN, *AT_REST, *REVERSED, *NAMES, *LOGGED)
OF_NEURONS += ("reset_mode", "refractory_delay", "soma", "dendrite")


class Neuron(NamedTuple):
    """One neuron: its address, what it has, and where it lies."""

    group: str
    offset: int
    attributes: dict[str, Any]
    tile: int = -1
    core: int = -1
    units: tuple[str, str, str] = ("", "", "")  # synapse, dendrite and soma; nothing: the first of the core

    @property
    def address(self) -> str:
        return f"{self.group}.{self.offset}"


class Mapped(NamedTuple):
    """Neurons of a population on one core of SANA-FE: how many, by which units."""

    population: str
    tile: int
    core: int
    neurons: int
    units: tuple[str, str, str]


class Described(NamedTuple):
    """A network, the spikes that its inputs send, and where its neurons lie.

    ``addresses`` name the neurons of each population as the file does. ``always_updated`` is True where every
    neuron is updated in every step, whether or not anything came for it.
    """

    network: Network
    spikes: tuple[Numbers, ...]
    rates: Integers
    mapped: tuple[Mapped, ...]
    addresses: dict[str, tuple[str, ...]]
    always_updated: bool
    place: str

    def frames(self, steps: int | None = None) -> Floats:
        """What the inputs send, (steps, inputs): as many steps as the longest list of spikes by default.

        Errors: InputError where no step is said, and none follows from the file.
        """
        longest = max((len(train) for train in self.spikes), default=0)
        length = longest if steps is None else steps
        if length < 1:
            rule = "no input has a list of spikes, from which the steps follow"
            raise InputError(self.place, "no steps", rule, "Say how many, as --steps 100.")
        frames = np.zeros((length, max(1, len(self.spikes))), np.float32)
        for neuron, train in enumerate(self.spikes):
            frames[: min(length, len(train)), neuron] = train[:length]
            if self.rates[neuron]:  # in every so many-th step, counted from 1
                frames[self.rates[neuron] - 1 :: self.rates[neuron], neuron] = 1
        return frames


def read_network(path: str | Path) -> Described:
    """Read a network and its mapping.

    All neurons that compute are one population, ``neurons``, in the order of their cores, and those whose
    spikes are given another, ``inputs``: a neuron then sends one message for each core, as in SANA-FE. What
    is sent in a step is heard in the next. Errors: InputError that names what is not expressed.
    """
    place = str(path)
    content = read_section(path, "network", "mappings")
    known(content, ("network", "mappings", "architecture"), place)
    described = mapping(content["network"], f"{place}: network")
    known(described, ("name", "groups", "edges"), f"{place}: network")
    neurons = placed(groups_of(described, place), content["mappings"], place)
    sources, targets, weights = edges_of(described, neurons, place)
    heard = set(targets)
    outside = {soma_of(one) for one in neurons.values() if any(n in one.attributes for n in DRIVEN)} - {""}
    inputs = [one for one in neurons.values() if is_input(one, one.address in heard, outside, place)]
    given = {one.address for one in inputs}
    computed = [one for one in neurons.values() if one.address not in given]
    if not computed:
        raise InputError(f"{place}: network", "no neurons", "some neuron computes", "Add one.")
    ours = {INPUTS: in_order(inputs), NEURONS: in_order(computed)}
    at = {one.address: (name, row) for name, ordered in ours.items() for row, one in enumerate(ordered)}
    populations = [Population(INPUTS, Input(max(1, len(inputs)))), neurons_of(ours[NEURONS], place)]
    projections = []
    for source, role in ((INPUTS, "input"), (NEURONS, "recurrent")):
        mine = [number for number, address in enumerate(sources) if at[address][0] == source]
        if not mine and source == NEURONS:
            continue
        synapses = Sparse.from_synapses(
            [at[sources[number]][1] for number in mine],
            [at[targets[number]][1] for number in mine],
            np.array([weights[number] for number in mine], np.float32),
            max(1, len(ours[source])),
            len(computed),
        )
        projections.append(Projection(source, NEURONS, synapses, role, delay=1))
    name = as_name(str(described.get("name") or Path(path).stem))
    trains = tuple(train_of(one, place) for one in ours[INPUTS])
    return Described(
        Network(name, tuple(populations), tuple(projections), (NEURONS,)),
        tuple(train for train, _ in trains),
        np.array([rate for _, rate in trains], np.int64),
        tuple(run for population, ordered in ours.items() for run in runs_of(population, ordered)),
        {population: tuple(one.address for one in ordered) for population, ordered in ours.items()},
        updated_always(ours[NEURONS], place),
        place,
    )


def groups_of(described: dict[str, Any], place: str) -> dict[str, dict[int, dict[str, Any]]]:
    """By group and number, what each neuron has."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    total = 0
    for group in entries(described.get("groups", ""), f"{place}: network.groups"):
        fields = mapping(group, f"{place}: network.groups")
        name = str(fields.get("name", ""))
        here = f"{place}: group {name}"
        known(fields, ("name", "attributes", "neurons"), here)
        if not name or name in found:
            raise InputError(
                f"{place}: network.groups", name or "no name", "each group has its name", "Mend it."
            )
        usual = attributes_of(fields.get("attributes", ""), here)
        members: dict[int, dict[str, Any]] = {}
        for entry in entries(fields.get("neurons", ""), f"{here}: neurons"):
            for text, own in mapping(entry if isinstance(entry, dict) else {str(entry): ""}, here).items():
                everything = usual | attributes_of(own, f"{here}.{text}")  # shared by all of a range
                for offset in span(text, f"{here}: neurons"):
                    if offset in members:
                        raise InputError(
                            f"{here}.{offset}", "given twice", "a neuron is given once", "Mend it."
                        )
                    members[offset] = everything
        total += len(members)
        if sorted(members) != list(range(len(members))) or total > MOST_INSTANCES:
            rule = f"neurons are numbered from 0 without a gap, at most {MOST_INSTANCES:,} in all"
            raise InputError(f"{here}: neurons", f"{len(members)} neurons", rule, "Mend the numbers.")
        found[name] = members
    return found


def attributes_of(value: object, place: str) -> dict[str, Any]:
    """Attributes of neurons, those of a soma and of a dendrite among them."""
    found = flattened(value, place)
    known(found, OF_NEURONS, place)
    for unit in ("soma", "dendrite"):
        own = flattened(found.pop(unit, ""), f"{place}: {unit}")
        known(own, OF_NEURONS, f"{place}: {unit}")
        found |= own
    for name in AT_REST:
        if name in found and number(found[name], f"{place}: {name}") != 0:
            rule = "deltasim has no such neuron of SANA-FE: random spikes, a charge to begin with, a current"
            raise InputError(f"{place}: {name}", said(found[name]), rule, "Leave it out.")
    if found.get("reverse_reset_mode", "none") != "none":
        rule = "deltasim's neurons have no lower threshold"
        raise InputError(
            f"{place}: reverse_reset_mode", said(found["reverse_reset_mode"]), rule, "Write none."
        )
    return found


def placed(groups: dict[str, dict[int, dict[str, Any]]], mappings: object, place: str) -> dict[str, Neuron]:
    """The neurons by address, each on its core."""
    found: dict[str, Neuron] = {
        f"{group}.{offset}": Neuron(group, offset, attributes)
        for group, members in groups.items()
        for offset, attributes in sorted(members.items())
    }
    for entry in entries(mappings, f"{place}: mappings"):
        for address, value in mapping(entry, f"{place}: mappings").items():
            here = f"{place}: mappings: {address}"
            group, dot, numbers = address.partition(".")
            if group not in groups:
                raise InputError(here, said(group), "there is no such group", nearest(group, groups))
            fields = flattened(value, here)
            known(fields, ("core", *UNITS), here)
            tile, _, core = str(fields.get("core", "")).partition(".")
            at = whole(tile, f"{here}: core"), whole(core, f"{here}: core")
            for offset in span(numbers, here) if dot else range(len(groups[group])):
                if offset not in groups[group]:
                    raise InputError(here, offset, f"group {group} has no such neuron", "Mend the number.")
                one = found[f"{group}.{offset}"]
                usual = (one.attributes.get(name, "") for name in NAMES)
                units = tuple(str(fields.get(u, name)) for u, name in zip(UNITS, usual, strict=True))
                found[one.address] = Neuron(group, offset, one.attributes, *at, units)  # type: ignore[arg-type]
    for one in found.values():
        if one.tile < 0:
            rule = "every neuron lies on a core"
            raise InputError(f"{place}: mappings", one.address, rule, f"Add - {one.address}: [core: 0.0].")
    return found


def edges_of(
    described: dict[str, Any], neurons: dict[str, Neuron], place: str
) -> tuple[list[str], list[str], list[float]]:
    """Every synapse: the addresses of its ends, and its weight."""
    sizes: dict[str, int] = {}
    for one in neurons.values():
        sizes[one.group] = sizes.get(one.group, 0) + 1
    sources: list[str] = []
    targets: list[str] = []
    weights: list[float] = []
    for entry in entries(described.get("edges", ""), f"{place}: network.edges"):
        for text, value in mapping(entry, f"{place}: network.edges").items():
            here = f"{place}: edge {said(text)}"
            source, arrow, target = (part.strip() for part in text.partition("->"))
            fields = flattened(value, here)
            if not arrow or ("." in source) != ("." in target):
                rule = "an edge joins two neurons, or two groups"
                raise InputError(here, said(text), rule, "Write it like a.0 -> b.3, or a -> b.")
            joined = {source: neurons, target: neurons} if "." in source else {source: sizes, target: sizes}
            for end, among in joined.items():
                if end not in among:
                    raise InputError(here, said(end), "there is no such neuron or group", nearest(end, sizes))
            if "." in source:
                ends, given = [(source, target)], [weight_of(fields, here)]
            else:
                ends, given = hyperedge(fields, source, target, sizes, here)
            sources += [end for end, _ in ends]
            targets += [end for _, end in ends]
            weights += given
    pairs = set(zip(sources, targets, strict=True))
    if len(pairs) < len(sources):
        rule = "deltasim has one synapse from a neuron to another in a projection"
        raise InputError(f"{place}: network.edges", "a pair is joined twice", rule, "Add the weights up.")
    return sources, targets, weights


def weight_of(fields: dict[str, Any], here: str) -> float:
    """The weight of one edge; its delay is 0."""
    found: dict[str, Any] = {}
    for unit in ("synapse", "dendrite"):
        found |= flattened(fields.pop(unit, ""), f"{here}: {unit}")
    found |= fields
    known(found, ("weight", "w", "delay", "d"), here)
    for name in ("delay", "d"):
        if name in found and number(found[name], f"{here}: {name}") != 0:
            rule = "a synapse is heard in the next step; deltasim reads no delays of SANA-FE"
            raise InputError(f"{here}: {name}", said(found[name]), rule, "Leave it out.")
    return number(found.get("weight", found.get("w", "0")), f"{here}: weight", LARGEST)


def hyperedge(
    fields: dict[str, Any], source: str, target: str, sizes: dict[str, int], here: str
) -> tuple[list[tuple[str, str]], list[float]]:
    """Synapses between two groups: all of them (dense), or those of a list (sparse)."""
    kind = fields.get("type", "")
    if kind not in ("dense", "sparse"):
        rule = "deltasim reads edges between groups of type dense and sparse"
        raise InputError(f"{here}: type", said(kind), rule, "Write the edges one by one.")
    known(fields, ("type", "weight", "w", *(("source_target_pairs",) if kind == "sparse" else ())), here)
    rows = entries(fields.get("source_target_pairs", ""), f"{here}: source_target_pairs")
    listed = entries(fields.get("weight", fields.get("w", "")), f"{here}: weight")
    synapses = sizes[source] * sizes[target] if kind == "dense" else len(rows)
    if len(listed) != synapses:
        rule = f"there is a weight for each of the {synapses:,} synapses"
        raise InputError(f"{here}: weight", f"{len(listed):,} weights", rule, "Give one for each.")
    if kind == "dense":
        pairs = [(a, b) for a in range(sizes[source]) for b in range(sizes[target])]
    else:
        pairs = [pair_of(row, sizes[source], sizes[target], here) for row in rows]
    ends = [(f"{source}.{a}", f"{target}.{b}") for a, b in pairs]
    return ends, [number(one, f"{here}: weight", LARGEST) for one in listed]


def pair_of(row: object, sources: int, targets: int, here: str) -> tuple[int, int]:
    """One of source_target_pairs."""
    if not isinstance(row, list) or len(row) != 2:
        raise InputError(f"{here}: source_target_pairs", said(row), "a pair is [source, target]", "Mend it.")
    first, second = (whole(row[end], f"{here}: source_target_pairs", size - 1) for end, size in
                     enumerate((sources, targets)))  # fmt: skip
    return first, second


def is_input(one: Neuron, heard: bool, outside: set[str], place: str) -> bool:
    """Whether a neuron only sends what is given: it has spikes, or nothing and lies on a soma of such."""
    if not any(name in one.attributes for name in DRIVEN):
        return not heard and soma_of(one) in outside
    if heard:
        rule = "a neuron whose spikes are given hears no other"
        raise InputError(f"{place}: {one.address}", "an edge ends in it", rule, "Remove the edge.")
    return True


def soma_of(one: Neuron) -> str:
    """The name of the soma that a neuron is mapped to, without its number among several."""
    return one.units[2].partition("[")[0]


def train_of(one: Neuron, place: str) -> tuple[Numbers, int]:
    """The spikes of an input, and in every which step it sends besides (0: in none)."""
    here = f"{place}: {one.address}"
    listed = entries(one.attributes.get("spikes", ""), f"{here}: spikes")
    train = np.array([truth(spike, f"{here}: spikes") for spike in listed], np.float32)
    rate = number(one.attributes.get("rate", "0"), f"{here}: rate")
    if not 0 <= rate <= 1 or 0 < rate < 1e-9:
        raise InputError(f"{here}: rate", f"{rate:g}", "a rate is spikes a step, 0 to 1", "Mend it.")
    return train, int(1 / rate) if rate else 0


def in_order(neurons: list[Neuron]) -> list[Neuron]:
    """Neurons core by core, so that a core has one range of them."""
    return sorted(neurons, key=lambda one: (one.tile, one.core))


def runs_of(population: str, neurons: list[Neuron]) -> list[Mapped]:
    """Where the neurons of a population lie, core by core, those of each kind of unit apart."""
    found: list[Mapped] = []
    for one in neurons:
        key = (population, one.tile, one.core)
        if found and found[-1][:3] == key and found[-1].units == one.units:
            found[-1] = found[-1]._replace(neurons=found[-1].neurons + 1)
        else:
            found.append(Mapped(*key, 1, one.units))
    return found


def value_of(one: Neuron, name: str, place: str) -> float:
    """A number that a neuron has, or that all have without it."""
    given = one.attributes.get(name)
    return USUAL[name] if given is None else number(given, f"{place}: {one.address}: {name}", LARGEST)


def neurons_of(neurons: list[Neuron], place: str) -> Population:
    """The population of all neurons that compute; what differs between them each has of its own."""
    values = {name: np.array([value_of(one, name, place) for one in neurons]) for name in NUMBERS}
    leaks = values["leak_decay"]
    if not ((leaks >= 0) & (leaks <= 1)).all():
        worst = float(leaks[np.abs(leaks - 0.5).argmax()])
        rule = "leak_decay is the share of a potential that is left after a step, 0 to 1"
        raise InputError(f"{place}: leak_decay", f"{worst:g}", rule, "Give a number within 0 to 1.")
    modes = {str(one.attributes.get("reset_mode", "hard")) for one in neurons}
    waits = {whole(one.attributes.get("refractory_delay", "0"), place, 128) for one in neurons}
    for name, found in (("reset_mode", modes), ("refractory_delay", waits)):
        if len(found) > 1:
            rule = "all neurons of a network have the same"
            raise InputError(f"{place}: {name}", ", ".join(map(str, sorted(found))), rule, "Use one.")
    mode = modes.pop()
    if mode not in RESET_MODES:
        rule = "a spike resets hard or soft"
        raise InputError(f"{place}: reset_mode", said(mode), rule, nearest(mode, RESET_MODES))
    parameters = {"leak": "leak_decay", "threshold": "threshold", "reset": "reset"}
    own = tuple(name for name, field in parameters.items() if (values[field] != values[field][0]).any())
    shared = {name: float(values[field][0]) for name, field in parameters.items() if name not in own}
    cell = TruncatedLIF(
        len(neurons), **shared, resets=RESET_MODES[mode], refractory=max(0, waits.pop() - 1), own=own
    )
    rows = [values["bias"], *(values[parameters[name]] for name in cell.own)]
    return Population(NEURONS, cell, np.array(rows, np.float32))


def updated_always(neurons: list[Neuron], place: str) -> bool:
    """Whether all neurons are updated in every step because it is said so; either all of them or none.

    A neuron with a bias is updated anyway.
    """
    said_of = []
    for one in neurons:
        here, given = f"{place}: {one.address}", [one.attributes[n] for n in FORCED if n in one.attributes]
        said_of.append(any(truth(value, here) for value in given))
    biased = [number(one.attributes.get("bias", "0"), f"{place}: {one.address}") != 0 for one in neurons]
    if not any(said_of):
        return False
    for one, forced, moves in zip(neurons, said_of, biased, strict=True):
        if not forced and not moves:
            rule = "force_update is said of all neurons without a bias, or of none"
            raise InputError(f"{place}: {one.address}", "not forced", rule, "Say it of all.")
    return True
