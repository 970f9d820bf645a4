"""What makes a graph of populations and projections a network: every rule, with the sentence for its
breach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from deltasim.networks.budget import check_budget
from deltasim.networks.loss import check_loss
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint, Q
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.names import RULE, is_name

if TYPE_CHECKING:
    from deltasim.networks.graph import Network, Population, Projection

ROLES = ("input", "recurrent")
MOST_PASSES = 1000  # over a sequence
MOST_DELAY = 65_535  # steps


def check(network: Network) -> None:
    """Raise an InputError for the first rule that does not hold."""
    place = f"network {network.name}"
    names = [population.name for population in network.populations]
    for name in (network.name, *names):
        if not is_name(name):
            raise InputError(place, name, RULE, "Name it like gru_0.")
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise InputError(place, twice[0], "two populations have this name", "Rename one of them.")
    if not any(population.cell.kind == "input" for population in network.populations):
        raise InputError(
            place, ", ".join(names), "a network has at least one Input", "Add an Input population."
        )
    if not network.outputs:
        raise InputError(place, "()", "a network has at least one output", "Name its output populations.")
    for output in network.outputs:
        if output not in names:
            raise InputError(
                place, output, "this output is no population of the network", nearest(output, names)
            )
    for population in network.populations:
        check_population(population, network.arithmetic, place)
    for projection in network.projections:
        check_projection(projection, network, place)
    links = [projection.name for projection in network.projections]
    if twice := [link for link, times in Counter(links).items() if times > 1]:
        rule = "two projections join these populations"
        raise InputError(place, twice[0], rule, "Add their weights, or give each a label.")
    check_hearing(network, place)
    for number, projection in enumerate(network.projections):
        if projection.loss is not None:
            where = f"{place}: projection {projection.name}: loss"
            check_loss(projection.loss, network.sends_events(number), where)
        if projection.budget is not None:
            where, lossy = f"{place}: projection {projection.name}: budget", projection.loss is not None
            size = projection.connection.source_size
            check_budget(projection.budget, size, network.sends_events(number), lossy, where)
    sorted_populations(network)


def check_population(population: Population, arithmetic: Arithmetic, place: str) -> None:
    """Size, pass, and a finite bias of the right shape."""
    where = f"{place}: population {population.name}"
    if population.size < 1:
        raise InputError(
            where, population.size, "a population has at least one neuron", "Give a positive size."
        )
    if not 0 <= population.pass_number < MOST_PASSES:
        rule = f"passes count from 0, and there are at most {MOST_PASSES:,}"
        raise InputError(where, f"pass {population.pass_number}", rule, "Give the number of its pass.")
    if population.cell.kind == "input":
        if population.bias is not None or population.pass_number or population.reverse:
            rule = "an Input has no bias, belongs to pass 0 and is not reversed"
            raise InputError(
                where, "Input", rule, "Leave these out; its readers choose their order of frames."
            )
        return
    expected = (population.cell.accumulators, population.size)
    shape = "none" if population.bias is None else population.bias.shape
    if shape != expected:
        rule = f"the bias of a {population.cell.kind} cell has the shape {expected}"
        raise InputError(where, f"shape {shape}", rule, "Give one value for each accumulator.")
    if population.bias is not None:
        form = arithmetic.accumulator if isinstance(arithmetic, FixedPoint) else None
        check_values(population.bias, form, f"{where}: bias")


def check_values(values: Numbers, form: Q | None, where: str) -> None:
    """Finite floats, or raw integers within their format (``form`` None means float32)."""
    if form is None:
        if values.dtype.kind != "f":
            rule = "float32 networks hold real numbers"
            raise InputError(
                where, values.dtype, rule, "Convert the array, or name a fixed-point arithmetic."
            )
        if not np.isfinite(values).all():
            at = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
            rule = f"every value is a finite number; the one at {at} is not"
            raise InputError(where, values[at], rule, "Train or export the network again.")
        return
    if values.dtype.kind != "i":
        rule = "fixed-point networks hold raw integers"
        raise InputError(
            where, values.dtype, rule, "Make it with deltasim.networks.numbers.quantise.quantised."
        )
    if values.size and (values.min() < form.lowest or values.max() > form.highest):
        rule = f"raw integers of {form} lie within {form.lowest} to {form.highest}"
        raise InputError(where, f"{values.min()} to {values.max()}", rule, "Widen the format or scale down.")


def check_projection(projection: Projection, network: Network, place: str) -> None:
    """Both ends exist, shapes fit, the delay suits the order of computing, thresholds are at least 0."""
    where = f"{place}: projection {projection.name}"
    populations = {population.name: population for population in network.populations}
    for end in (projection.source, projection.target):
        if end not in populations:
            raise InputError(where, end, "there is no population of this name", nearest(end, populations))
    source, target = populations[projection.source], populations[projection.target]
    if projection.label and not is_name(projection.label):
        raise InputError(f"{where}: label", projection.label, RULE, "Label it like late.")
    if projection.role not in ROLES:
        raise InputError(
            where, projection.role, "a role is input or recurrent", nearest(projection.role, ROLES)
        )
    if target.cell.kind == "input":
        raise InputError(where, target.name, "nothing projects to an Input", "Choose another target.")
    fed = projection.fed(target.cell)
    if len(set(fed)) < len(fed) or not all(0 <= number < target.cell.accumulators for number in fed):
        last = target.cell.accumulators - 1
        rule = f"the {target.cell.kind} cell {target.name} has the accumulators 0 to {last}"
        raise InputError(f"{where}: accumulators", fed, rule, "Name each block's own, once.")
    connection, gates = projection.connection, len(fed)
    expected = (source.size, gates, target.size)
    found = (connection.source_size, connection.gates, connection.target_size)
    if found != expected:
        rule = f"{source.name} to the {target.cell.kind} cell {target.name} needs {expected}"
        raise InputError(
            f"{where}: weights", f"shape {found}", rule, "Give (sources, gates, targets) of that shape."
        )
    arithmetic = projection.arithmetic(network.arithmetic)
    form = arithmetic.weight if isinstance(arithmetic, FixedPoint) else None
    if projection.weight_format is not None and form is None:
        rule = "weights of a float32 network have 32 bits"
        remedy = "Leave the format out, and give it to deltasim.networks.numbers.quantise.quantised."
        raise InputError(f"{where}: weight format", projection.weight_format, rule, remedy)
    if source.cell.spiking:
        check_spikes(projection, source, target, where)
    check_values(connection.weights, form, f"{where}: weights")
    check_theta(projection, f"{where}: theta")
    check_delay(projection, source, target, where)


def check_theta(projection: Projection, where: str) -> None:
    """A number or one for each source neuron; none below 0, none NaN, none that float32 cannot hold."""
    theta = np.asarray(projection.theta, np.float64)
    if theta.shape not in ((), (projection.connection.source_size,)):
        rule = (
            f"thresholds are one number or one for each of {projection.connection.source_size} source neurons"
        )
        raise InputError(where, f"shape {theta.shape}", rule, "Give an array of that length.")
    if not (theta >= 0).all():
        worst = theta.ravel()[int(np.argmax(~(theta >= 0)))]
        raise InputError(where, worst, "a threshold is at least 0", "Give 0 or a positive number.")
    most = float(np.finfo(np.float32).max)
    if (held := theta[np.isfinite(theta)].max(initial=0.0)) > most:
        raise InputError(where, held, f"a threshold is at most {most:.3g}", "Give less, or infinity.")


def check_spikes(projection: Projection, source: Population, target: Population, where: str) -> None:
    """A spike arrives in the same pass, and no threshold keeps it back."""
    if source.pass_number != target.pass_number:
        rule = f"spikes of pass {source.pass_number} are received in their own pass"
        raise InputError(where, f"pass {target.pass_number}", rule, f"Put {target.name} into the same pass.")
    if np.max(projection.theta) > 1:
        rule = "a spike is 1, so a threshold above 1 keeps every spike back"
        raise InputError(f"{where}: theta", np.max(projection.theta), rule, "Give 0.")


def check_hearing(network: Network, place: str) -> None:
    """A population receives events or deltas, never both; spikes fit their number format."""
    received: dict[str, dict[bool, str]] = {}
    populations = {population.name: population for population in network.populations}
    for projection in network.projections:
        source, target = populations[projection.source], populations[projection.target]
        if not target.cell.spiking:
            received.setdefault(target.name, {})[source.cell.spiking] = source.name
    for target_name, kinds in received.items():
        if len(kinds) == 2:
            rule = "a population receives spikes or deltas: deltas add up over the steps, spikes do not"
            value = f"spikes of {kinds[True]}, deltas of {kinds[False]}"
            where = f"{place}: population {target_name}"
            raise InputError(
                where, value, rule, "Let the spikes pass through a Dense population of their own."
            )
    form = network.arithmetic.activation if isinstance(network.arithmetic, FixedPoint) else None
    if form and form.integer < 2 and any(population.cell.spiking for population in network.populations):
        rule = f"a spike is 1, and activations of {form} end at {form.highest / 2**form.fraction:.4g}"
        raise InputError(place, form, rule, "Use an activation format with at least 2 integer bits.")


def check_delay(projection: Projection, source: Population, target: Population, where: str) -> None:
    """A delay of whole steps, and a source whose value is known when the target reads it."""
    if not 0 <= projection.delay <= MOST_DELAY:
        rule = f"a delay is 0 to {MOST_DELAY:,} steps"
        raise InputError(where, projection.delay, rule, "Give 0, or 1 for recurrence.")
    given = source.cell.kind == "input"
    if not given and source.pass_number > target.pass_number:
        rule = f"{target.name} of pass {target.pass_number} cannot read a population of a later pass"
        raise InputError(where, f"pass {source.pass_number}", rule, f"Compute {target.name} in a later pass.")
    recorded = given or source.pass_number < target.pass_number
    if not recorded and source.reverse != target.reverse:
        rule = "populations of one pass that run in opposite directions cannot read each other"
        raise InputError(where, f"pass {source.pass_number}", rule, f"Put {target.name} into the next pass.")


def sorted_populations(network: Network) -> tuple[Population, ...]:
    """Every delay-0 source before its target, otherwise as given; a cycle without delay is an error,
    named."""
    sources: dict[str, set[str]] = {population.name: set() for population in network.populations}
    for projection in network.projections:
        if projection.delay == 0:
            sources[projection.target].add(projection.source)
    placed: list[Population] = []
    done: set[str] = set()
    waiting = list(network.populations)
    while waiting:
        ready = next((population for population in waiting if sources[population.name] <= done), None)
        if ready is None:
            cycle = " -> ".join(find_cycle(sources, (population.name for population in waiting)))
            rule = "projections without delay form a cycle, so no population in it can be computed first"
            raise InputError(f"network {network.name}", cycle, rule, "Give one of them delay 1.")
        waiting.remove(ready)
        placed.append(ready)
        done.add(ready.name)
    return tuple(placed)


def find_cycle(sources: dict[str, set[str]], waiting: Iterable[str]) -> list[str]:
    """One cycle among populations that all wait for each other, from its first name back to it.

    >>> find_cycle({"a": {"b"}, "b": {"a"}}, ["a", "b"])
    ['a', 'b', 'a']
    """
    blocked = list(waiting)
    path = [blocked[0]]
    while True:
        before = sorted(sources[path[-1]] & set(blocked))[0]
        if before in path:
            loop = [*path[path.index(before) :], before]
            return loop[::-1]
        path.append(before)
