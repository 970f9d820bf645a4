"""One sequence over time, unit by unit, in the form that ui.perfetto.dev opens."""
