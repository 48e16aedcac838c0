"""Part I. Rules (1956-1992)."""
