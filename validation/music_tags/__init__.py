"""What networks that tag sound reach, and cost: the page about them."""
