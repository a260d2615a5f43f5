"""Peers that ask and don't read."""

import os
import time

from stranger import event, http, peer, signing

from .table import attack

WHERE = "http: Limits"


def reader(name, expected, section=WHERE):
    return attack("readers", name, section, expected, is_slow=True)


def filled(lab, name):
    """A node with 16 MiB of events, and an active peer that has none of them."""
    node = lab.node(name, {"auto_accept_lan": "true"})
    writer, friend = node.friend(), node.friend()
    chain = event.Chain(writer.identity)
    for _ in range(8):
        writer.push([chain.next(body=os.urandom(65536)) for _ in range(32)])
    return node, friend


def deaf(friend, target, count=1):
    """A connection that has asked, and reads nothing for 55 s."""
    connection = http.Connection(friend.address, friend.node, 10)
    for _ in range(count):
        fields = signing.sign(friend.identity, "GET", target, friend.node)
        connection.send(http.head("GET", target, [
            ("Host", "localhost"), *fields, ("Accept", "application/cbor")]))
    time.sleep(55)
    return connection


def fate(node, connection, most):
    """How it stands with the connection after that, and whether the node's memory is bounded."""
    connection.socket.settimeout(5)
    size, ended = 0, False
    try:
        while not ended:
            piece = connection.socket.recv(1 << 20)
            size, ended = size + len(piece), not piece
    except TimeoutError:
        pass
    except OSError:
        ended = True
    connection.close()
    bounded = "memory bounded" if node.resident_bytes < 400 * 2**20 else "memory grew"
    if ended and size < most:
        return f"cut off, {bounded}"
    return f"{'ended' if ended else 'open'} after {size / 2**20:.1f} MiB, {bounded}"


@reader("30 pulls of a MiB each at once, none read", "cut off, memory bounded")
def pulls(lab):
    node, friend = filled(lab, "pulls")
    return fate(node, deaf(friend, peer.ROUTES + "/events", 30), 30 * 2**20)


@reader("a stream of 16 MiB, nothing read", "cut off, memory bounded", "Messages")
def stream(lab):
    node, friend = filled(lab, "streamed")
    return fate(node, deaf(friend, peer.ROUTES + "/stream"), 16 * 2**20)
