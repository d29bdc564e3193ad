"""Tells what was found: facts as one versioned model, and the page drawn from them."""
