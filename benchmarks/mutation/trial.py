"""Trying mutants of one file: each in a process of its own, forked from one that has everything loaded.

A mutant is never written to disk. The forked process forgets the module and all that was built from it, so
that they are imported afresh with the changed source, and runs the examples of the module and its tests until
one fails. Kernels are not compiled again: those of the changed module itself run as plain Python, so its
tests may only call them directly; all others are loaded already.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DIED, LIVED, LATE = "died", "lived", "late"
OURS = ("deltasim", "tests", "benchmarks.tables")
LOADED = ("numpy", "numba", "polars", "altair", "pydantic", "hypothesis", "pytest", "yaml", "rich.console",
          "rich.table", "typer", "jinja2", "networkx", "simpy", "safetensors.numpy", "hypothesis.extra.numpy",
          "html.parser", "vl_convert", "quantiphy", "platformdirs", "doctest")  # fmt: skip
MEMORY = 8 << 30  # bytes that a mutant may take


def module_name(file: str) -> str:
    """The name that a source is imported by.

    >>> module_name("reports/page/sections/flow.py"), module_name("simulator/chip/__init__.py")
    ('deltasim.reports.page.sections.flow', 'deltasim.simulator.chip')
    """
    parts = Path(file).with_suffix("").parts
    return ".".join(("deltasim", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def load_others() -> None:
    """Import what belongs to others, once for all: it takes longer than most tests."""
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


class FromTree(importlib.machinery.SourceFileLoader):
    """Loads a module from a tree instead of its file; its kernels are left plain."""

    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self.code = compile(tree, path, "exec")

    def get_code(self, fullname: str) -> CodeType:
        return self.code

    def exec_module(self, module: ModuleType) -> None:
        from deltasim.runtime import compiling

        def plain(function: Any, **options: object) -> Any:
            return function

        if not hasattr(compiling, "compiled"):  # it is being loaded, and this is a part of it
            super().exec_module(module)
            return
        before, compiling.compiled = compiling.compiled, plain
        try:
            super().exec_module(module)
        finally:
            compiling.compiled = before


class Changed(importlib.abc.MetaPathFinder):
    """Finds one module in a tree; a package keeps its folder."""

    def __init__(self, name: str, spec: importlib.machinery.ModuleSpec, tree: ast.Module) -> None:
        self.name, self.origin, self.places = name, str(spec.origin), spec.submodule_search_locations
        self.loader = FromTree(name, self.origin, tree)

    def find_spec(self, name: str, path: object, target: object = None) -> Any:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(
            name, self.origin, loader=self.loader, submodule_search_locations=self.places
        )


def imports_of(name: str) -> Iterator[str]:
    """The modules that a loaded module of ours imports, also inside its functions; not those for types."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if not file or not file.endswith(".py"):
        return
    waiting: list[ast.AST] = [ast.parse(Path(file).read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def built_from(changed: str) -> set[str]:
    """The loaded modules of ours that are built from a module, with it and what lies in it; and all tests."""
    ours = [name for name in sys.modules if name.split(".")[0] in OURS]
    users: dict[str, set[str]] = {}
    for name in ours:
        for imported in imports_of(name):
            users.setdefault(imported, set()).add(name)
    found, waiting = set[str](), [changed]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += users.get(name, ())
            waiting += (inner for inner in ours if inner.startswith(f"{name}."))
    return {*(name for name in ours if name.split(".")[0] == "tests"), *found & set(sys.modules)}


def forget(names: set[str]) -> None:
    """Let modules be imported afresh, also as attributes of their packages."""
    for name in names:
        sys.modules.pop(name, None)
        parent, _, child = name.rpartition(".")
        if parent in sys.modules and hasattr(sys.modules[parent], child):
            delattr(sys.modules[parent], child)


def examples_pass(module: str) -> bool:
    """Whether the examples of a module print what they say."""
    import doctest

    return doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS).failed == 0


def tests_pass(tests: Sequence[str]) -> bool:
    """Whether all tests of some files pass."""
    import pytest

    unwanted = ("cacheprovider", "xdist", "unraisableexception", "threadexception")  # that take time
    options = ["-x", "-q", "--assert=plain", "--no-header", "--no-summary"]
    options += [word for name in unwanted for word in ("-p", f"no:{name}")]
    return pytest.main([*options, *tests]) == 0


def in_a_fork(work: Any, seconds: float) -> tuple[str, float]:
    """Do something in a fork that may end in any way: how it ended, and after how long."""
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            silence()
            # of data, not of addresses, which V8 reserves by the terabyte
            resource.setrlimit(resource.RLIMIT_DATA, (virtual_memory() + MEMORY,) * 2)
            code = 0 if work() else 1
        finally:
            os._exit(code)
    while time.perf_counter() - began < seconds:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return LIVED if status == 0 else DIED, time.perf_counter() - began
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return LATE, time.perf_counter() - began


def silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def virtual_memory() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


class Trial:
    """One file with its tests, ready for mutants. Made in a process of its own, since it imports the project.

    Raises RuntimeError where the tests of the unchanged file do not pass.
    """

    def __init__(self, file: str, tests: Sequence[str]) -> None:
        self.file, self.tests, self.module = file, tests, module_name(file)
        self.source = (ROOT / file).read_text(encoding="utf-8")
        self.spec = importlib.util.find_spec(self.module)
        warm(self.module, tests)
        self.gone = built_from(self.module)
        gc.collect()
        gc.freeze()  # what is loaded is not gone through again in every fork
        self.checks = [lambda: examples_pass(self.module), lambda: tests_pass(tests)]
        self.seconds = 120.0
        unchanged = ast.parse(self.source)
        if self.tried(unchanged, self.checks[:1])[0] != LIVED:
            del self.checks[0]  # plain kernels give numbers of Python that print otherwise
        ended, self.seconds = self.tried(unchanged, self.checks)
        if ended != LIVED:
            raise RuntimeError(f"{file}: its tests do not pass without a fault: {ended}")

    def tried(self, tree: ast.Module, checks: Sequence[Callable[[], bool]] = ()) -> tuple[str, float]:
        """Run examples and tests on a changed tree."""
        assert self.spec is not None
        spec = self.spec

        def work() -> bool:
            sys.meta_path.insert(0, Changed(self.module, spec, tree))
            forget(self.gone)
            return all(check() for check in checks or self.checks)

        return in_a_fork(work, 10 + 5 * self.seconds)


def warm(module: str, tests: Sequence[str]) -> None:
    """Import the module, its tests and all they import, and load the kernels that the run on paper uses."""
    importlib.import_module(module)
    for test in tests:
        importlib.import_module(".".join(Path(test).with_suffix("").parts))
    if any("by_hand" in test for test in tests):
        from tests.reports.by_hand.specimen import result

        for engine in ("compiled", "simpy"):
            result(engine=engine)
