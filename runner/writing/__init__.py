"""How results are written: texts, the terminal, files that are there whole or not at all."""
