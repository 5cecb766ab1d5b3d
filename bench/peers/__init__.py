"""Other ways to do the same, as their users would write them."""
