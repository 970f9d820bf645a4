"""The compiled engine: the rulebook of ``docs/semantics.md`` under numba, with a scheduler of its own."""
