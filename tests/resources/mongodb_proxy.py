"""Between a driver and a MongoDB: passes its messages on, and where a test says so answers itself or hangs up."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import bson

_MESSAGE = 2013
_OURS = 7_777  # the cursor of documents that nobody stores
Command = dict[str, Any]
Answer = Callable[[Command], "Command | bytes | None"]


def refusal(code: int, said: str) -> Command:
    return {"ok": 0.0, "code": code, "errmsg": said, "codeName": said.split()[0]}


@dataclass
class Wide:
    """A collection that nobody stores: documents of half a kilobyte that no compression shrinks, made when they are asked for."""

    rows: int
    _at: int = 0

    def answer(self, command: Command, name: str) -> bytes | None:
        """Of a find all of them, of its limit a few; of a getMore what follows."""
        which = next(iter(command))
        if which != "find" and command.get("getMore") != _OURS:
            return None
        if which == "find":
            self._at = 0
        most = min(command.get("limit") or command.get("batchSize", 101), 20_000, self.rows - self._at)
        documents = {str(n): {"_id": self._at + n, "t": f"{(self._at + n) * 2654435761 % 2**64:016x}" * 32} for n in range(most)}
        self._at += most
        open_ = not command.get("limit") and self._at < self.rows
        inner = bson.encode({"id": bson.Int64(_OURS if open_ else 0), "ns": name, "firstBatch" if which == "find" else "nextBatch": list(documents.values())})
        return _document(b"\x03cursor\0" + inner + b"\x01ok\0" + struct.pack("<d", 1.0))


@dataclass
class Proxy:
    """`answers` are asked in turn, the first that has an answer gives it. `cut_after`: so many answers of the server, then it hangs up."""

    target: int
    answers: list[Answer] = field(default_factory=list)
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    wide: dict[tuple[str, str], Wide] = field(default_factory=dict)
    cut_after: int | None = None
    seen: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server, contextlib.suppress(OSError, EOFError):
            while True:
                message = _whole(client)
                number, _, code = struct.unpack("<iii", message[4:16])
                command = bson.decode(message[21:]) if code == _MESSAGE and message[20] == 0 and not message[16] & 1 else {}
                self.seen.append(command)
                own = self._own(command)
                if own is not None:
                    body = own if isinstance(own, bytes) else bson.encode(own)
                    client.sendall(struct.pack("<iiiiIB", 21 + len(body), 0, number, _MESSAGE, 0, 0) + body)
                    continue
                server.sendall(message)
                answer = _whole(server)
                if self.cut_after is not None and next(iter(command), "") in ("find", "getMore", "aggregate"):
                    self.cut_after -= 1
                    if self.cut_after < 0:
                        self.cut_after = None
                        return
                client.sendall(answer)

    def _own(self, command: Command) -> Command | bytes | None:
        for answer in self.answers:
            if (given := answer(command)) is not None:
                return given
        which = next(iter(command), "")
        name = (str(command.get("$db")), str(command.get("collection") if which == "getMore" else command.get(which)))
        if name in self.forbidden:
            return refusal(13, f"Unauthorized: not authorized on {name[0]} to execute command")
        return self.wide[name].answer(command, ".".join(name)) if name in self.wide else None


def _whole(held: socket.socket) -> bytes:
    head = _exactly(held, 4)
    return head + _exactly(held, struct.unpack("<i", head)[0] - 4)


def _exactly(held: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        piece = held.recv(size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)


def _document(inner: bytes) -> bytes:
    return struct.pack("<i", len(inner) + 5) + inner + b"\0"
