"""Listed inputs that no command line shows: each with what is right, and the test that holds it."""

from __future__ import annotations

from typing import NamedTuple


class Held(NamedTuple):
    """One input: the list it is of, what it is, what is right, the tests of it."""

    item: str
    about: str
    expected: str
    tests: tuple[str, ...]


def held(item: str, about: str, expected: str, *tests: str) -> Held:
    return Held(item, about, expected, tuple(f"tests/{test}" for test in tests))


LONG = "simulator/engines/test_long_times.py::test_"
KERNELS = "runtime/test_kernel_cache.py::test_"
TORCH = "networks/builders/test_against_torch.py::test_"

HELD = [
    held(
        "A8", "waits that add up beyond 2^63 ps", "both engines, exact", f"{LONG}waits_add_up_beyond_64_bits"
    ),
    held("A8", "a sequence of 100 days", "both engines, exact", f"{LONG}a_sequence_of_100_days"),
    held("A8", "sequences of a year", "both engines, every law holds", f"{LONG}sequences_of_a_year"),
    held(
        "A9",
        "a cache entry copied over another",
        "not believed, made again",
        "runtime/disk/test_cache.py::test_an_entry_of_another_key_is_made_again",
    ),
    held(
        "A9",
        "a custom cell",
        "a digest of its own",
        "runtime/test_behaviour.py::test_whatever_is_changed_changes_the_digest",
    ),
    held(
        "A12",
        "a constant added to a file that a kernel freezes",
        "compiled again: every frozen global lies in the digest",
        "runtime/test_sources.py::test_all_that_a_kernel_freezes_lies_in_its_digest",
    ),
    held(
        "B3",
        "cached kernels: damaged, swapped, written by others",
        "removed and made again, or not read",
        f"{KERNELS}what_is_damaged_swapped_or_foreign_is_removed_and_made_again",
        f"{KERNELS}a_file_that_others_can_write_to_is_not_read",
        f"{KERNELS}nothing_is_read_or_cached_where_others_can_write",
    ),
    held(
        "B4",
        "U+2028 in every text of a page",
        "all charts drawn",
        "reports/test_page_in_browser.py::test_every_text_may_hold_what_breaks_lines",
        "reports/test_page.py::test_no_text_ends_the_script_that_holds_it",
    ),
    held(
        "B5",
        "data fetch of another archive",
        "refused before it is opened",
        "workloads/digits/test_recorded.py::test_an_archive_is_opened_only_if_it_is_the_known_one",
    ),
    held(
        "C5",
        "a full disk for cache and folder",
        "a sentence, nothing half-written",
        "runtime/disk/test_cache.py::test_a_full_disk_changes_no_result",
        "deltasim/test_command_line.py::test_a_full_disk",
        f"{KERNELS}a_full_disk_is_told_once",
    ),
    held(
        "C5",
        "deltasim list chips > /dev/full",
        "a sentence, exit code 2",
        "deltasim/readers/test_listed.py::test_a_full_device_ends_in_a_sentence",
    ),
    held(
        "C5",
        "PYTHONIOENCODING of ascii, latin-1, cp1252",
        "everything is printed",
        "deltasim/readers/test_listed.py::test_any_encoding_prints_everything",
    ),
    held(
        "C5",
        "two runs into one folder",
        "one wins, the other says so",
        "deltasim/test_command_line.py::test_two_runs_into_one_folder",
    ),
    held(
        "C5, C6",
        "Ctrl-C at any moment, while it writes, in a kernel",
        "exit code 130 within a second, nothing left",
        "deltasim/test_interrupts.py",
    ),
    held(
        "C6",
        "what kill -9 leaves",
        "removed by the next run",
        "deltasim/test_kills.py::test_what_a_killed_run_leaves_is_removed_by_the_next",
        "runtime/disk/test_unfinished.py",
    ),
    held(
        "C7",
        "a network that does not fit",
        "the sentence at once, each remedy true",
        "simulator/mapping/test_mapping.py::test_each_remedy_alone_makes_it_fit",
    ),
    held("C8", "simulate of no sequences", "a sentence", f"{LONG}no_sequence_is_refused"),
    held(
        "C8",
        "bf16, requires_grad, whole modules",
        "read",
        f"{TORCH}tensors_of_any_type_and_whole_modules",
    ),
    held("D", "proj_size, nn.GRUCell", "named, with the remedy", f"{TORCH}what_is_left_out_is_named"),
    held(
        "D",
        "compiling kernels",
        "said once, and only where one is compiled",
        f"{KERNELS}what_is_built_from_the_same_sources_is_compiled_once",
    ),
]
