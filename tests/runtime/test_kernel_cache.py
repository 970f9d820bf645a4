"""A kernel is compiled anew when something it is built from has changed, or what is cached is not its own."""

from __future__ import annotations

import errno
import os
import pickle
import resource
import stat
import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from deltasim.runtime import kernel_cache, sources
from deltasim.runtime.disk import cache as disk_cache
from deltasim.runtime.disk.cache import VARIABLE, CacheWarning
from deltasim.runtime.telling import telling

CALLEE = """
from typing import NamedTuple
from deltasim.runtime.compiling import part

AMOUNT = {amount}

class Pair(NamedTuple):
    {fields}

@part
def step(x):
    return x + AMOUNT
"""
CALLER = """
from typing import TYPE_CHECKING
from deltasim.runtime.compiling import kernel
from {name}_callee import step
if TYPE_CHECKING:
    from {name}_apart import nothing

@kernel
def run(x):
    return step(x)

@kernel
def left(pair):
    return pair.left

@kernel
def other(x):
    return step(x) + 1000
"""
LONG_AGO = (1e9, 1e9)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


class Sources:
    """Two modules of one's own, imported as by a new process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, f"own{os.urandom(4).hex()}"

    def write(
        self, amount: int = 1, fields: str = "left: int; right: int", when: tuple[float, float] = LONG_AGO
    ) -> None:
        for kind, text in (("callee", CALLEE), ("caller", CALLER)):
            file = self.folder / f"{self.name}_{kind}.py"
            file.write_text(text.format(amount=amount, fields=fields, name=self.name))
            os.utime(file, when)

    def load(self) -> tuple[ModuleType, ModuleType]:
        for cached in (sources.read, sources.written_s, sources.imported_files, sources.closure):
            cached.cache_clear()
        for cached in (sources.digest_of, sources.edited_since_start):
            cached.cache_clear()
        kernel_cache.kernel_folder.cache_clear()
        callee, caller = (self.module(kind) for kind in ("callee", "caller"))
        return caller, callee

    def module(self, kind: str) -> ModuleType:
        name = f"{self.name}_{kind}"
        spec = spec_from_file_location(name, self.folder / f"{name}.py")
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def run(self, name: str = "run") -> tuple[int, bool]:
        """What a kernel of a new process returns, and whether it was compiled for it."""
        caller, _ = self.load()
        kernel = getattr(caller, name)
        said: list[str] = []
        with telling(said.append):
            answer = kernel(1)
        assert said == [kernel_cache.COMPILING] * bool(said)
        return answer, bool(said)


@pytest.fixture
def own(tmp_path: Path, root: Path) -> Iterator[Sources]:
    own = Sources(tmp_path)
    own.write()
    yield own
    for name in [name for name in sys.modules if name.startswith(own.name)]:
        del sys.modules[name]


def kernels_in(root: Path, name: str) -> list[Path]:
    return sorted(root.rglob(f"*_caller.{name}-*.kernel"))


def test_what_is_built_from_the_same_sources_is_compiled_once(own: Sources, root: Path) -> None:
    assert own.run() == (2, True)
    assert own.run() == (2, False)
    assert len(kernels_in(root, "run")) == 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")} <= {0o600, 0o700}
    own.write(amount=5)  # a constant in what it calls
    assert own.run() == (6, True)
    own.write()
    assert own.run() == (2, False)


def test_what_is_there_for_types_alone_changes_nothing(own: Sources) -> None:
    assert own.run() == (2, True)
    apart = own.folder / f"{own.name}_apart.py"
    apart.write_text("nothing = 0\n")
    assert own.run() == (2, False)


def test_fields_in_another_order_are_another_type(own: Sources) -> None:
    caller, callee = own.load()
    assert caller.left(callee.Pair(left=1, right=2)) == 1
    own.write(fields="right: int; left: int")
    caller, callee = own.load()
    assert caller.left(callee.Pair(left=1, right=2)) == 1


def test_sources_edited_while_a_process_runs_are_not_trusted(own: Sources, root: Path) -> None:
    own.write(when=(2e10, 2e10))  # later than this process began
    assert own.run() == (2, True)
    assert own.run() == (2, True)
    assert kernels_in(root, "run") == []


class Hostile:
    """What runs code when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.mark),)


def test_what_is_damaged_swapped_or_foreign_is_removed_and_made_again(own: Sources, root: Path) -> None:
    assert own.run() == (2, True)
    assert own.run("other") == (1002, True)
    (file,), (swapped,) = kernels_in(root, "run"), kernels_in(root, "other")
    whole, mark = file.read_bytes(), own.folder / "mark"
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (
        b"",
        whole[:20],
        whole[:-1],
        bytes(flipped),
        swapped.read_bytes(),
        pickle.dumps(Hostile(mark)),
    ):
        file.write_bytes(content)
        with pytest.warns(CacheWarning, match=f"{file.name} is damaged and is made again."):
            assert own.run() == (2, True)
        assert own.run() == (2, False)
    assert not mark.exists()


def test_a_file_that_others_can_write_to_is_not_read(own: Sources, root: Path) -> None:
    own.run()
    (file,) = kernels_in(root, "run")
    file.chmod(0o666)
    with pytest.warns(CacheWarning, match="is damaged and is made again"):
        assert own.run() == (2, True)
    assert own.run() == (2, False)
    (elsewhere := own.folder / "elsewhere").write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(elsewhere)
    with pytest.warns(CacheWarning, match="is damaged and is made again"):
        assert own.run() == (2, True)


@pytest.mark.parametrize("mode, depth", [(0o777, 0), (0o1777, 0), (0o775, 1), (0o702, 2)])
def test_nothing_is_read_or_cached_where_others_can_write(
    own: Sources, root: Path, mode: int, depth: int
) -> None:
    own.run()
    (file,) = kernels_in(root, "run")
    written = file.stat().st_mtime_ns
    (root, file.parent.parent, file.parent)[depth].chmod(mode)
    disk_cache.told.cache_clear()
    with pytest.warns(
        CacheWarning, match=f"others can write to .*{mode:o}.*nothing is cached there.*{VARIABLE}"
    ):
        assert own.run() == (2, True)
    assert file.stat().st_mtime_ns == written and len(kernels_in(root, "run")) == 1


def test_a_full_disk_is_told_once(own: Sources, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk_cache.told.cache_clear()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.warns(CacheWarning, match=os.strerror(errno.EFBIG)) as told:
            assert own.run() == (2, True)
            assert own.run("other") == (1002, True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(told) == 1
    assert [path for path in root.rglob("*") if path.is_file()] == []
