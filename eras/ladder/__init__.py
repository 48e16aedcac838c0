"""The one measurement through all eras: tasks, recorded results, training scripts."""
