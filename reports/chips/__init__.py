"""One network on several chips: a row for each, a table, and what is saved of them."""
