"""Warm engines that stay for as long as the process lives: for those who get their jobs one by one.

Formgrader's button and the workers of a cluster start an engine with the first job and use it for all later ones.
"""

import atexit
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor


class Keeper:
    """Engines by key. A new one ends those that nobody uses any more, so that memory does not grow."""

    def __init__(self):
        self.engines, self.users, self.lock = {}, {}, threading.Lock()
        # Bubblewrap dies with the thread that started it: this one lives as long as the process.
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="engines")
        atexit.register(self.close)

    @contextlib.contextmanager
    def use(self, key, start):
        """The engine of that key, which `start()` makes when there is none; raises what `start` raises."""
        with self.lock:
            engine = self.engines.get(key)
            if engine is None or not alive(engine):
                self.end(self.unused())
                engine = self.engines[key] = self.thread.submit(start).result()
            self.users[key] = self.users.get(key, 0) + 1
        try:
            yield engine
        finally:
            with self.lock:
                self.users[key] -= 1

    def unused(self):
        return [key for key in self.engines if not self.users.get(key)]

    def end(self, keys):
        """End these engines; the lock is held."""
        for key in keys:
            self.engines.pop(key).__exit__()

    def tidy(self):
        """End the engines that nobody uses now."""
        with self.lock:
            self.end(self.unused())

    def close(self):
        """End all engines."""
        with self.lock:
            self.end(list(self.engines))


def alive(engine):
    """False when one of its servers has ended, so that it can run nothing any more."""
    return all(process.poll() is None for process, _ in engine.servers.values())
