"""Pictures: decoding, numbers for models of tables, arrays for networks, and what a trained network sees in them."""
