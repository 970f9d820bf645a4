"""A digest over a module's imports covers all that its kernels freeze, and nothing of other rooms."""

from __future__ import annotations

import ast
import gc
import importlib
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic

import deltasim.networks
from deltasim.runtime.behaviour import names_in
from deltasim.runtime.kernel_cache import LOWERING
from deltasim.runtime.sources import closure, file_of_ours, imported_names

ROOMS = ("exploration", "networks", "reports", "runtime", "simulator", "validation", "workloads", "deltasim")
ROOT = Path(deltasim.networks.__file__).parent.parent
SOURCES = {
    file: ".".join(["deltasim", *file.relative_to(ROOT).with_suffix("").parts[room == "deltasim" :]])
    for room in ROOMS
    for file in sorted((ROOT / room).rglob("*.py"))
}
"""Every source file of the package, and its dotted name."""


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a source but what is there for type checkers."""
    for child in ast.iter_child_nodes(node):
        if not for_types(child):
            yield child
            yield from statements(child)


def test_every_import_that_python_sees_is_followed() -> None:
    for file in SOURCES:
        found = set(imported_names(file.read_text(encoding="utf-8")))
        for node in statements(tree(file)):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= found, file
            elif isinstance(node, ast.ImportFrom):
                package = "." * node.level + (node.module or "")
                dot = "" if package.endswith(".") else "."
                assert {package, *(f"{package}{dot}{alias.name}" for alias in node.names)} <= found, file


def test_modules_are_found_by_their_path() -> None:
    for file, name in SOURCES.items():
        assert file_of_ours(name.removesuffix(".__init__")) == file
    assert file_of_ours("deltasim.networks.nothing") is None
    assert file_of_ours("deltasim.nothing") is None


@pytest.fixture(scope="module")
def kernels() -> list[Any]:
    """Every function of this package that was handed to numba."""
    for file, name in SOURCES.items():
        if "deltasim.runtime.compiling" in file.read_text(encoding="utf-8"):
            importlib.import_module(name)
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), Dispatcher)]
    return [kernel for kernel in found if kernel.py_func.__module__.startswith("deltasim.")]


@cache
def bindings(file: Path) -> dict[str, tuple[str, str] | ast.expr]:
    """What a module's names are bound to: the module and name imported, or the expression assigned."""
    found: dict[str, tuple[str, str] | ast.expr] = {}
    for node in statements(tree(file)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deltasim."):
            found |= {alias.asname or alias.name: (str(node.module), alias.name) for alias in node.names}
    for statement in tree(file).body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
            found |= dict.fromkeys(names, statement.value)
    return found


@cache
def bound(file: Path, name: str) -> frozenset[Path]:
    """The files that a module's name takes its value from: its own, and those it is imported from."""
    binding = bindings(file).get(name)
    if isinstance(binding, ast.expr):
        inner = {node.id for node in ast.walk(binding) if isinstance(node, ast.Name)} - {name}
        return frozenset({file}).union(*(bound(file, other) for other in inner))
    if binding is None:
        return frozenset({file})
    module, original = binding
    submodule = file_of_ours(f"{module}.{original}")
    package = file_of_ours(module)
    assert package is not None
    return frozenset({file, submodule}) if submodule else bound(package, original) | {file}


def function_of(value: object) -> types.FunctionType | None:
    """The Python function behind a function, a kernel or one of numba's intrinsics."""
    value = getattr(value, "py_func", value)
    if isinstance(value, _Intrinsic):
        value = value._defn
    return value if isinstance(value, types.FunctionType) else None


def frozen(function: types.FunctionType) -> Iterator[tuple[str, Path]]:
    """Every name that a kernel looks up when it is compiled, and each file that its value comes from.

    What a function it calls looks up is checked with that one: whatever is built from a module is built from
    all that the module is built from.
    """
    file = Path(function.__code__.co_filename)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    held = {name: cell.cell_contents for name, cell in cells}
    names = names_in(function.__code__) & function.__globals__.keys()
    for name, value in (held | {name: function.__globals__[name] for name in names}).items():
        inner = function_of(value)
        if inner is not None:
            place = Path(inner.__code__.co_filename)
            if ROOT in place.parents and ".venv" not in place.parts:
                yield name, place
        elif isinstance(value, types.ModuleType | type):
            module = value.__name__ if isinstance(value, types.ModuleType) else value.__module__
            if place := file_of_ours(module) if module.startswith("deltasim.") else None:
                yield name, place
        elif name not in held:
            yield from ((name, origin) for origin in bound(file, name))


def test_all_that_a_kernel_freezes_lies_in_its_digest(kernels: list[Any]) -> None:
    checked: dict[Path, set[tuple[str, Path]]] = {}
    for kernel in kernels:
        file = Path(kernel.py_func.__code__.co_filename)
        covered = {*closure(file), *(source for extra in LOWERING for source in closure(extra))}
        for name, origin in frozen(kernel.py_func):
            assert origin in covered, f"{kernel.py_func.__qualname__} of {file} freezes {name} of {origin}"
            checked.setdefault(file, set()).add((name, origin))
    assert len(kernels) > 250 and sum(map(len, checked.values())) > 700
    # where the constants stand whose change a warm cache did not notice
    events = ROOT / "simulator" / "engines" / "compiled" / "events"
    origins = {origin for file, names in checked.items() if file.parent == events for _, origin in names}
    assert ROOT / "simulator" / "memories" / "instance.py" in origins


def test_what_teaches_numba_belongs_to_every_kernel() -> None:
    taught = {file for file in SOURCES if "from llvmlite import" in file.read_text(encoding="utf-8")}
    assert taught == set(LOWERING)


def test_no_kernel_is_compiled_again_for_an_edit_in_training_or_reports(kernels: list[Any]) -> None:
    """Of those that simulate; some train spiking networks, or play what networks are evolved for."""
    files = {Path(kernel.py_func.__code__.co_filename) for kernel in kernels}
    others = ("networks", "training"), ("networks", "evolution"), ("workloads", "evolved_parity")
    simulating = {file for file in files if file.relative_to(ROOT).parts[:2] not in others}
    assert len(simulating) > 30
    rooms = {source.relative_to(ROOT).parts[:2] for file in simulating for source in closure(file)}
    assert not set(others) & rooms
    assert not {"reports", "workloads", "validation", "deltasim"} & {room for room, *_ in rooms}
