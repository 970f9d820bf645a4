"""The tree keeps its own rules: file sizes, names, and nothing that belongs to one machine."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("deltasim", "exploration", "networks", "reports", "runtime", "simulator", "validation", "workloads")
FOLDERS = (*ROOMS, "tests", "benchmarks", "docs")
LONGEST = 600  # lines: one concept may be long, a folder not full
MOST_PARAMETERS, MOST_FIELDS = 12, 25
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:home|root|work|Users|opt)/\w")


@cache
def tree() -> tuple[Path, ...]:
    """Files of the project: as git sees them, or, without git, all in its folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        found = (ROOT / name for name in listed.stdout.split("\0") if name)
    else:
        found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    return tuple(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def written(*suffixes: str) -> list[Path]:
    return [path for path in tree() if path.suffix in suffixes]


def test_no_source_file_is_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in written(".py", ".css", ".js", ".html")}
    assert {str(path): lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_functions_and_records_are_no_wider_than_can_be_read() -> None:
    """The options of a command are its parameters, as many as there are."""
    wide: dict[str, int] = {}
    for path in written(".py"):
        file = path.relative_to(ROOT).as_posix()
        if not file.startswith(ROOMS) or file.startswith("deltasim/commands/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                given = node.args
                count = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
                if count > MOST_PARAMETERS:
                    wide[f"{file}: {node.name}"] = count
            elif isinstance(node, ast.ClassDef) and "NamedTuple" in map(ast.unparse, node.bases):
                count = sum(isinstance(line, ast.AnnAssign) for line in node.body)
                if count > MOST_FIELDS:
                    wide[f"{file}: {node.name}"] = count
    assert wide == {}


def test_names_say_what_is_inside() -> None:
    assert [str(path) for path in tree() if path.stem.lower() in EMPTY_NAMES] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path)
        for path in written(".py")
        if path.read_text().strip() and not path.read_text().lstrip().startswith(('"""', "#!", 'r"""'))
    ]
    assert silent == []


def test_nothing_names_a_machine() -> None:
    texts = written(".py", ".md", ".yaml", ".toml", ".json", ".html")
    assert [str(path) for path in texts if MACHINE_PATH.search(path.read_text())] == []


COMPILED = ROOT / "runtime" / "kernel_cache.py"  # numba's, from a folder that nobody else can write to


@pytest.mark.parametrize("call", ["yaml.load(", "allow_pickle=True", "pickle.load"])
def test_files_are_read_without_running_them(call: str) -> None:
    sources = [path for path in written(".py") if path not in (Path(__file__), COMPILED)]
    assert [str(path) for path in sources if call in path.read_text()] == []


WALLS = {  # what exists is sound: a graph, a chip and a standard ask what is beside them while they are made
    ("deltasim.networks.graph", "deltasim.networks.graph_rules"),
    ("deltasim.simulator.chip.description", "deltasim.simulator.chip.checks"),
    ("deltasim.simulator.chip.description", "deltasim.simulator.chip.loading"),  # ``changed`` reads anew
    ("deltasim.simulator.chip.description", "deltasim.simulator.chip.prices.resolve"),
    ("deltasim.simulator.chip.prices.conditions", "deltasim.simulator.chip.description"),  # for types alone
    ("deltasim.simulator.dram.standard", "deltasim.simulator.dram.standard_checks"),
}


def module_name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return name if parts[0] == "deltasim" else f"deltasim.{name}"


def imports() -> nx.DiGraph[str]:
    """Every import of one of our modules by another, those inside functions and for types alone included."""
    sources = {module_name(path): path for path in written(".py") if path.relative_to(ROOT).parts[0] in ROOMS}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name, path in sources.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = [f"{node.module}.{alias.name}" for alias in node.names]
                graph.add_edges_from((name, one if one in sources else node.module) for one in named)
            elif isinstance(node, ast.Import):
                graph.add_edges_from((name, alias.name) for alias in node.names)
    return graph


def test_no_imports_go_in_a_circle() -> None:
    graph = imports()
    graph.remove_edges_from(WALLS)
    circles = [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]
    assert circles == []
    assert len(graph) > 200
