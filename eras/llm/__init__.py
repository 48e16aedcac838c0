"""Part V. Large language models (2023-)."""
