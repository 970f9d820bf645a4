"""The chart libraries (Vega, Vega-Lite, Vega-Embed) as one script, bundled once for a version."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import subprocess
import sys

import numpy as np

from deltasim.runtime.disk.cache import SCRIPTS, cached_arrays
from deltasim.runtime.disk.unfinished import child

BUNDLE = """
import sys
import vl_convert
sys.stdout.buffer.write(vl_convert.javascript_bundle(sys.argv[1], sys.argv[2]).encode())
"""
USE = "window.vegaEmbed = vegaEmbed;"


@functools.cache
def libraries() -> str:
    """The script, of the version that altair writes for, safe inside a script element."""
    import altair

    version = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    made_by = f"{importlib.metadata.version('vl-convert-python')} {version} {USE}"
    key = hashlib.sha256(made_by.encode()).hexdigest()
    found = cached_arrays(SCRIPTS, key, lambda: {"script": np.frombuffer(bundled(version), np.uint8)})
    script = found["script"].tobytes().decode()
    return script.replace("</script", "<\\/script")


def bundled(version: str) -> bytes:
    """The bundle for a version of Vega-Lite, made in a process of its own.

    It takes more than a second in which no other Python runs, so nothing would handle Ctrl-C.
    """
    command = [sys.executable, "-P", "-c", BUNDLE, USE, version]  # -P: nothing from the working folder

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    with child(start) as process:
        script, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the page's script could not be bundled: {said.decode(errors='replace')}")
    return script
