"""Who scans: every partition of a population that projections start from, for each of these."""

from __future__ import annotations

import numpy as np

from deltasim.simulator.components.service_times import scan_duration
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import ABSENT, SCAN, Plan
from deltasim.simulator.plan.records import ENCODER, Records, records
from deltasim.simulator.plan.updaters import updaters_at


@memoised
def encoders_of(plan: Plan) -> Records:
    """The encoders of a plan, by projection and partition."""
    stages, columns, updater_at = plan.stages, plan.columns, updaters_at(plan)
    pairs = [(p, n) for p, s in enumerate(plan.source.tolist()) for n in range(len(plan.partitions[s]))]
    projection, partition = np.array(pairs, np.int64).reshape(-1, 2).T
    source = plan.source[projection]
    place = [plan.partitions[s][n] for s, n in zip(source.tolist(), partition.tolist(), strict=True)]
    core, begins, size = (
        np.array([getattr(where, field) for where in place], np.int64) for field in ("core", "start", "size")
    )
    made = np.array([bool(into) for into in plan.into])[source]
    computed = made & ~np.array([plan.crosses_passes(p) for p, _ in pairs], bool)
    carrier = np.array([plan.carrier(population) for population in range(len(plan.partitions))])
    speed = stages.scan_per_cycle, stages.scan_pad_to, stages.scan_cycle_ps
    once = np.array([scan_duration(elements, *speed) for elements in size.tolist()], np.int64)
    passes, offset = plan.scan_passes[projection], columns.offset[projection]
    return records(
        ENCODER,
        projection=projection,
        partition=partition,
        core=core,
        unit=stages.unit[core, SCAN],
        size=size,
        source=source,
        target=plan.target[projection],
        delay=plan.delay[projection],
        delta_encoded=plan.delta_encoded[projection],
        updater=np.where(computed, updater_at[source, core], ABSENT),
        scanned_size=passes * size,
        low=offset + begins,
        high=offset + begins + size,
        duration=passes * once,
        selecting=(passes - 1) * once,
        row=columns.row[projection] + columns.stride[projection] * begins,
        stride=columns.stride[projection],
        made=made,
        carries=computed & (carrier[source] == projection),
    )
