"""The same messages from other neurons, so that every core and multiply array has the same share of them."""

from __future__ import annotations

import numpy as np

from deltasim.networks.loss import lost_of
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.simulator.plan.plan import Plan


def balanced(plan: Plan, trace: Trace) -> Trace:
    """At each step as many messages of each projection as before, from sources spread evenly.

    Sources are taken in order of core and multiply array, so that each has its share to within one message.
    What nobody hears stays where it is. Columns of another length take another time, of those of a dense
    layer none has.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.execute import execute
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("mesh16")
    >>> trace, _ = execute(network, [np.tile(np.r_[np.ones(4), np.zeros(4)], (1, 1))])
    >>> even = balanced(compile_plan(network, chip, map_network(network, chip)), trace)
    >>> [messages["source"][:4].tolist() for messages in (trace.messages, even.messages)]
    [[0, 1, 2, 3], [1, 3, 5, 7]]
    """
    messages = trace.messages.copy()
    heard = plan.columns.words[plan.columns.of(messages)] > 0
    projections = len(plan.source)
    group = messages["step"].astype(np.int64) * projections + messages["projection"]
    for projection in range(projections):
        mine = np.flatnonzero(heard & (messages["projection"] == projection))
        if not len(mine):
            continue
        order = in_order_of_cores(plan, projection)
        _, first, each = np.unique(group[mine], return_index=True, return_counts=True)
        place = np.arange(len(mine)) - np.repeat(first, each)
        messages["source"][mine] = order[(2 * place + 1) * len(order) // (2 * np.repeat(each, each))]
    by_content = np.lexsort((messages["source"], messages["projection"], messages["step"]))
    messages = messages[by_content]
    lost = lost_of(plan.network.losses, messages["projection"], messages["step"], messages["source"])
    return Trace(messages, trace.step_bounds, trace.sequence_bounds, trace.network_digest, lost)


def in_order_of_cores(plan: Plan, projection: int) -> Integers:
    """The sources of a projection that somebody hears, core by core and array by array."""
    first, end = plan.columns.offset[projection : projection + 2].tolist()
    heard = plan.columns.words[first:end] > 0
    listed = []
    for partition in plan.partitions[int(plan.source[projection])]:
        position = np.arange(partition.stop - partition.start)
        order = np.argsort(position % plan.stages.arrays, kind="stable")
        listed.append(partition.start + order)
    sources = np.concatenate(listed)
    found: Integers = sources[heard[sources]].astype(np.int64)
    return found
