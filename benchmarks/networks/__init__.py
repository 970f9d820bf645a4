"""Networks that rows of speed are measured with, as they stood when their goals were set."""
