"""Bring Silero's detector and the sentences into the box.

    pip install --no-deps silero-vad
    python -m deltasim.workloads.vad.making FOLDER/speech.npz OUT

OUT then holds ``dense`` (the detector as it was given out, sums of 64 bits) and ``sentences.npz``. The
model is held against onnxruntime on the way. `python -m deltasim.validation.vad` chooses the thresholds.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

from deltasim.networks.files.network import save_network
from deltasim.networks.importers import import_model
from deltasim.networks.importers.check import difference, original_of
from deltasim.networks.numbers.arithmetic import WideSums
from deltasim.runtime.errors import InputError
from deltasim.workloads.vad.scenes import scenes
from deltasim.workloads.vad.sentences import SESSION, pack, read

MODEL = "silero_vad_16k_sequence.onnx"
LARGEST = 1e-4  # from onnxruntime, of a probability


def model_path() -> Path:
    """The model's file in its package."""
    found = importlib.util.find_spec("silero_vad")
    if found is None or found.origin is None:
        raise InputError(
            "silero-vad", "not installed", "the model is in it", "pip install --no-deps silero-vad"
        )
    return Path(found.origin).parent / "data" / MODEL


def make(source: Path, out: Path) -> float:
    """Write the detector and the sentences; how far it lies from onnxruntime on the first scene."""
    imported = import_model(model_path())
    network = replace(imported.network, arithmetic=WideSums(), name="silero-vad")
    one = scenes(read(source, "test").shortest(1))[0]
    apart = difference(replace(imported, network=network), original_of(model_path())[1], [one.frames])
    if apart.largest > LARGEST:
        raise InputError("silero-vad", f"{apart.largest:.2g}", f"outputs differ by at most {LARGEST:g}", "")
    out.mkdir(parents=True, exist_ok=True)
    save_network(network, out / "dense")
    pack(source, out / SESSION.name)
    return apart.largest


if __name__ == "__main__":
    try:
        print(f"largest difference from onnxruntime: {make(Path(sys.argv[1]), Path(sys.argv[2])):.2g}")
    except InputError as error:
        sys.exit(str(error))
