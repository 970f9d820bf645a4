"""Every example in the guides runs, here with one recording where the page takes more."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from deltasim.main import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md",
    "docs/guide.md",
    "docs/chips.md",
    "docs/arithmetic.md",
    "docs/spiking.md",
    "docs/importing.md",
    "docs/standards.md",
    "docs/own.md",
)


def examples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("examples", ROOT / "docs" / "examples.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Callable[[str, Path], str]:
    """Run deltasim in this process, where its kernels are compiled already, and all else in a shell."""
    in_shell: Callable[[str, Path], str] = examples().run_in_shell

    def run(command: str, folder: Path) -> str:
        words = shlex.split(re.sub(r"--limit \d+", "--limit 1", command))
        if words[0] == "pip":  # the tests are installed
            return ""
        if words[0] != "deltasim":
            return in_shell(command, folder)
        target = words.index(">") if ">" in words else len(words)
        capsys.readouterr()
        code = main(words[1:target])
        said = capsys.readouterr()
        assert code == 0, f"{command} ended with {code}: {said.err}"
        for name in words[target + 1 :]:
            (folder / name).write_text(said.out)
            return ""
        return said.out

    return run


def in_process(code: str, folder: Path) -> str:
    code = re.sub(r"limit=\d+", "limit=1", code)
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})
    return ""


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run(
    page: str, shell: Callable[[str, Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text()
    assert "```console" in text or "```python" in text
    examples().refreshed(text, tmp_path, shell, in_process)


def test_the_output_of_commands_is_put_in_their_place(tmp_path: Path) -> None:
    page = "```console\n$ echo a \\\n    b\nold\n$ echo c\n```\n```yaml x.yaml\na: 1\n```\n"
    fresh = examples().refreshed(page, tmp_path)
    assert fresh == page.replace("old", "a b").replace("echo c\n", "echo c\nc\n")
    assert (tmp_path / "x.yaml").read_text() == "a: 1\n"


def test_a_failing_example_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="ended with 3"):
        examples().refreshed("```console\n$ exit 3\n```\n", tmp_path)


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        (str(page.relative_to(ROOT)), target)
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []
