"""A chip, a network and two recordings so small that every figure of their run is worked out on paper.

Two cores A (0) and B (1) in a row, all clocks 1 GHz, so that a cycle is 1 ns everywhere; DRAM behind core A.
Core A holds the two inputs and the neurons ``hidden`` 0 and 1, core B the neuron ``out``. Weights:

    input -> hidden   in A's scratchpad ``pad``: columns (1, -1) of input 0, (2, 1) of input 1, 8 bytes each
    hidden -> out     in the DRAM, through B's ``cache``: (1) and (1), 4 bytes each, at 0 and 4: row 0
    out -> out        in the DRAM, one step later: (0.5), 4 bytes at 8: row 1

hidden = max(0, sum), out = sum. The thresholds are 1, 1 and 0.5. What is sent (h: hidden):

    recording 0, step 0   inputs 1, 0     sends input 0      hidden 1, 0   sends h0              out 1
    recording 0, step 1   inputs 1, 2     sends input 1      hidden 5, 1   sends h0, h1, out     out 6.5
    recording 1, step 0   inputs 0.5, 0   sends nothing      hidden 0, 0                         out 0

A dense run sends both inputs, both hidden values and ``out`` in each of the three steps.

What a message goes through, in ns: judged at the end of its cycle of the scan; 1 in the send stage; over the
link its head takes 2, its second flit comes 1 later; 1 in the receive stage; one column is fetched at a time:
1 for its address, then

    pad      2 accesses, a word 1 after each; 2 words take the multiplier 2 from the first on
    cache    1 for the tags; where the line is missing, request, DRAM and response; then 1 for the word
    DRAM     request 2 over the link; a closed row: activate, read 2 later, data 2 after that; another row
             open: precharge 2 before that; 2 bursts of 2 ns; response 2 over the link, its tail 3 behind

and 1 in the multiplier for each word, not before its last word is there. The update takes 2. `layer`: ``out``
begins 1 after ``hidden`` has ended, and ``hidden`` 1 after ``out``.

The delta run in ns. Recording 0, step 0:

    hidden   scan 0-2, input 0 judged at 1, sent 2, received 3, address 4, words at 5 and 6, multiplied 5-7,
             updated 7-9
    out      scans from 10: h0 judged at 11, sent 12, link 12-14, head 14, tail 15, received 16, address 17,
             tags 17-18: missing. Request 18-20, row 0: activate 20, read 22, data 24-28, response 24-26,
             tail 29. Read at 29, word at 30, multiplied 30-31, updated 31-33

Step 1, from 34 on:

    hidden   scan 34-36, input 1 judged at 36, sent 37, received 38, address 39, multiplied 40-42, updated
             42-44
    out      scans from 45. out judged at 46, sent 47, received 48 (on its own core), address 49, request
             49-51, row 1 where row 0 is open: precharge 51, activate 53, read 55, data 57-61, response 57-59,
             tail 62; multiplied 59-62, of which 2 waiting for the tail
             h0 judged at 46, sent 47, link 47-49, tail 50, received 51, waits for the fetch slot 51-62,
             address 63, tags 63-64: there. Read at 64, word at 65, multiplied 65-66
             h1 judged at 47, sent 48, waits for the link 48-49, tail 52, received 53, waits 53-66, address
             67, tags 67-68: missing. Request 68-70, row 0 where row 1 is open: precharge 70, activate 72,
             read 74, data 76-80, response 76-78, tail 81. Read at 81, word at 82, multiplied 82-83, updated
             83-85

Recording 1: scan 0-2, update 2-4, scans from 5 to 7 (out: 6), update 7-9.

The dense run. Recording 0, step 0:

    hidden   inputs judged at 1 and 2, received 3 and 4; multiplied 5-7; address 8, multiplied 9-11; updated
             11-13
    out      scans from 14. out judged at 15, sent 16, received 17, address 18, request 18-20, activate 20,
             read 22, data 24-28, response 24-26, tail 29; multiplied 26-29
             h0 judged at 15, sent 16, tail 19, received 20, waits 20-29, address 30, tags 30-31: missing.
             Request 31-33, precharge 33, activate 35, read 37, data 39-43, response 39-41, tail 44, word 45,
             multiplied 45-46
             h1 judged at 16, sent 17, waits for the link 17-18, tail 21, received 22, waits 22-46, address
             47, tags 47-48: missing. Request 48-50, row 0 is open: read 50, data 52-56, response 52-54, tail
             57, word 58, multiplied 58-59, updated 59-61

Step 1, from 62 on:

    hidden   as before, 62-75
    out      scans from 76. out judged at 77, sent 78, received 79, address 80, request 80-82, precharge 82,
             activate 84, read 86, data 88-92, response 88-90, tail 93, multiplied 90-93
             h0 received 82, waits 82-93, address 94, tags 94-95: there, word 96, multiplied 96-97
             h1 received 84, waits 84-97, address 98, tags 98-99: there, word 100, multiplied 100-101,
             updated 101-103

Recording 1 of the dense run is step 0 of recording 0 again: 0-61.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltasim.api.cases import dense_baseline, prepare, run_case
from deltasim.networks.cells import Dense, Input
from deltasim.networks.connections import AllToAll
from deltasim.networks.graph import Network, Population, Projection
from deltasim.reports.run import Run
from deltasim.workloads.benchmark import Benchmark, Outputs

CHIP = Path(__file__).with_name("two.yaml")


def network() -> Network:
    def weights(*columns: list[float]) -> AllToAll:
        return AllToAll(np.array(columns, np.float32)[:, np.newaxis])

    return Network(
        "by-hand",
        (
            Population("input", Input(2)),
            Population("hidden", Dense(2, "relu"), np.zeros((1, 2), np.float32)),
            Population("out", Dense(1), np.zeros((1, 1), np.float32)),
        ),
        (
            Projection("input", "hidden", weights([1, -1], [2, 1]), theta=1.0),
            Projection("hidden", "out", weights([1], [1]), theta=1.0),
            Projection("out", "out", weights([0.5]), role="recurrent", delay=1, theta=0.5),
        ),
        ("out",),
    )


def over_a_quarter(outputs: Outputs, targets: NDArray[np.int64]) -> float:
    """Share of the recordings whose last value is above 0.25 where it ought to be."""
    return float(right(outputs, targets)[:, 0].mean())


def right(outputs: Outputs, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each recording whether it ends as it ought to, of one."""
    return np.array(
        [[(frames[-1, 0] > 0.25) == ought, 1] for frames, ought in zip(outputs, targets, strict=True)]
    )


def benchmark() -> Benchmark:
    """Two recordings; both ought to end above 0.25. Delta: 6.5 and 0. With thresholds of 0: 6.5 and 0.5."""
    return Benchmark(
        name="paper",
        about="worked out by hand",
        network=network(),
        dense_network=network().with_thresholds(0.0),
        sequences=(np.array([[1, 0], [1, 2]], np.float32), np.array([[0.5, 0]], np.float32)),
        targets=np.array([1, 1]),
        classes=np.array([0, 0]),
        speakers=np.array([0, 0]),
        score_name="accuracy",
        score=over_a_quarter,
        points=right,
        data="two recordings on paper",
        data_digest="0" * 64,
    )


@cache
def result(theta: float | None = None, engine: str = "compiled") -> Run:
    """The run of the front door, beside the dense one."""
    case = prepare(benchmark(), CHIP, theta, engine)
    return run_case(case, dense_baseline(case, jobs=1), command="on paper", jobs=1)
