"""Messages over a socket: whole ones, checked for their form; `Gone` for everything that goes wrong."""

import struct

import msgpack

from autograder.wire import LARGEST, BadMessage

HEADER = struct.Struct("!I")
ASK, ANSWER, RAISE = range(3)
FIELDS = {ASK: 6, ANSWER: 5, RAISE: 5}  # [kind, number, …, what goes with every message]


class OutOfTime(BaseException):
    """A cell took longer than it may: raised by the tester's alarm, passed on by nothing in between."""


class Gone(BaseException):
    """The other process has ended; nothing it held can be used any more.

    No `Exception`, so that a test which expects some error of the student's code does not take it for one.
    """


class Channel:
    """One end of a socket between two processes."""

    def __init__(self, sock):
        self.sock, self.buffer, self.gone = sock, bytearray(), None
        self.reading = Reading(self)

    def send(self, message):
        """Send a message; raises Gone, or ValueError when it is too large."""
        if self.gone:
            raise Gone(self.gone)
        data = msgpack.packb(message, unicode_errors="surrogatepass")
        if len(data) > LARGEST:
            raise ValueError("this is too large to be handed over")
        try:
            self.sock.sendall(HEADER.pack(len(data)) + data)
        except OSError:
            raise self.lost() from None

    def receive(self, quiet=False):
        """The next message; raises Gone (None when `quiet` and the other side hung up)."""
        if self.gone:
            raise Gone(self.gone)
        try:
            while (message := self._taken()) is None:
                if not (got := self.sock.recv(1 << 16)):
                    break
                self.buffer += got
        except OSError:
            raise self.lost() from None
        except Exception:  # whatever their bytes do to the parser
            raise self.lost("it sent something else than an answer") from None
        if message is None and not quiet:
            raise self.lost()
        return message

    def _taken(self):
        """The first message in the buffer, or None. What has arrived stays if a signal breaks the wait off."""
        buffer = self.buffer
        if len(buffer) < HEADER.size:
            return None
        end = HEADER.size + HEADER.unpack_from(buffer)[0]
        if end > LARGEST + HEADER.size:
            raise BadMessage("a message above the limit")
        if len(buffer) < end:
            return None
        with memoryview(buffer) as view, view[HEADER.size : end] as body:
            message = msgpack.unpackb(body, strict_map_key=False, unicode_errors="surrogatepass")
        del buffer[:end]
        check(message)
        return message

    def lost(self, why="its process has ended"):
        """The Gone to raise, from now on always the same."""
        self.gone = self.gone or f"the student's code cannot be used any more: {why}"
        return Gone(self.gone)

    def hang_up(self, why):
        """Have no more to do with the other side."""
        self.lost(why)
        self.sock.close()


class Reading:
    """`with channel.reading:` whatever goes wrong while their bytes are read is the end of the connection."""

    def __init__(self, channel):
        self.channel = channel

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, Exception):
            raise self.channel.lost("it sent something else than an answer") from error


def check(message):
    """Raise BadMessage unless a message has the form of one."""
    if type(message) is not list or not message or len(message) != FIELDS.get(message[0]):
        raise BadMessage("of another form")
    if type(message[1]) is not int or type(message[-1]) is not dict:
        raise BadMessage("of another form")
