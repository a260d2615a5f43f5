"""More than the share of an address, a stranger or a peer.

In a network namespace, because this host has fifty times the share of another address.
"""

import os
import socket

from stranger import http, keys, peer, signing

from .namespace import in_namespace
from .table import attack, outcome

WHERE = "http: Limits"
STATUS = peer.ROUTES + "/status"
NODE, ATTACKER, VICTIM = "10.77.0.1", ("10.77.0.2", 0), ("10.77.0.4", 0)


def budget(name, expected, **more):
    """An attack in a namespace of its own, on a node of its own."""
    def add(run):
        def apart(lab):
            node = lab.node(run.__name__, {"auto_accept_lan": "true"}, listen=f"{NODE}:0")
            return run(node)
        attack("budgets", name, WHERE, expected, **more)(lambda lab: in_namespace(
            lambda: apart(lab)))
        return run
    return add


def counted(count, act):
    """Each answer that came, in the order in which it came first."""
    return list(dict.fromkeys(outcome(act) for _ in range(count)))


def unsigned(node):
    return node.stranger(source=ATTACKER)


@budget("200 unsigned requests of one address", "401 unauthenticated, then 429 over-budget")
def many_unsigned(node):
    stranger = unsigned(node)
    return ", then ".join(counted(200, lambda: stranger.raw("GET", STATUS)))


@budget("200 introductions of one address", "200, then 429 over-budget")
def many_introductions(node):
    stranger = unsigned(node)

    def introduce():
        stranger.identity = keys.Identity()
        return stranger.introduce()
    return ", then ".join(counted(200, introduce))


@budget("60 forged signatures in a peer's name", "401 unauthenticated, then 429 over-budget")
def many_forged(node):
    friend, stranger = node.friend(source=VICTIM), unsigned(node)
    stranger.identity, forger = friend.identity, keys.Identity()
    return ", then ".join(counted(60, lambda: stranger.signed("GET", "/status", key=forger)))


@budget("… and the peer itself, at another address, is served meanwhile", "200")
def victim_elsewhere(node):
    friend = node.friend(source=VICTIM)
    friend.close()
    many = unsigned(node)
    many.identity, forger = friend.identity, keys.Identity()
    counted(60, lambda: many.signed("GET", "/status", key=forger))
    return outcome(friend.status)


@budget("… and at the same address, on a connection that it has", "200")
def victim_beside(node):
    friend = node.friend(source=ATTACKER)
    friend.status()
    many = unsigned(node)
    many.identity, forger = friend.identity, keys.Identity()
    counted(60, lambda: many.signed("GET", "/status", key=forger))
    return outcome(friend.status)


@budget("400 connections of one address at once: others are let in", "at most 200 open, then 200")
def many_connections(node):
    friend, open_ones = node.friend(source=VICTIM), []
    friend.close()
    try:
        for _ in range(400):
            try:
                open_ones.append(socket.create_connection(node.address, 5, ATTACKER))
            except OSError:
                break
        got = outcome(friend.status)
        alive = 0
        for one in open_ones:
            one.settimeout(0.005)
            try:
                alive += one.recv(1) != b""
            except TimeoutError:
                alive += 1
            except OSError:
                pass
        return f"{'at most 200 open' if alive <= 200 else f'{alive} open'}, then {got}"
    finally:
        for one in open_ones:
            one.close()


@budget("1,600 requests of an active peer at once", "200, then 429 over-budget")
def busy_peer(node):
    friend = node.friend(source=VICTIM)
    fields = [signing.sign(friend.identity, "GET", STATUS, friend.node) for _ in range(1600)]
    got = []
    for one in fields:
        got.append(outcome(lambda: friend.raw("GET", STATUS, one)))
        if got[-1] != "200":
            break
    return ", then ".join(dict.fromkeys(got))


@budget("70 signed requests of a key that waits for approval", "403 not-active, then 503 busy")
def pending(node):
    stranger = node.stranger(source=VICTIM)
    stranger.register()
    return ", then ".join(counted(70, stranger.status))


@budget("140 signed requests with a challenge that was made up",
        "401 unauthenticated, then 429 over-budget")
def many_challenges(node):
    friend = node.friend(source=ATTACKER)
    stranger = unsigned(node)
    stranger.identity = friend.identity
    return ", then ".join(counted(140, lambda: stranger.signed(
        "GET", "/status", challenge=os.urandom(24).hex())))


@budget("strangers hold 512 connections: a newcomer gets a place", "200")
def full_house(node):
    held = []
    try:
        for number in range(520):
            try:
                source = (f"10.77.1.{number % 40 + 1}", 0)
                held.append(socket.create_connection(node.address, 5, source))
            except OSError:
                break
        return outcome(lambda: node.stranger(source=VICTIM).introduce())
    finally:
        for one in held:
            one.close()


@budget("a stranger's body that never ends: the answer comes before it", "401 unauthenticated")
def unread_body(node):
    stranger = unsigned(node)
    connection = stranger.connection
    head = http.head("POST", peer.ROUTES + "/events", [("Host", "x")], 4 * 2**20)
    connection.send(head + bytes(1000))
    return outcome(connection.response)
