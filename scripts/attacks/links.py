"""Links: who opens one, and how many."""

import os
import time

from stranger import http, keys, link

from .namespace import in_namespace
from .neighbors import GOSSIP, as_neighbor, gossiping, neighbor, watched
from .table import attack

OPENING = "http: Links"
HELLO = "link: Becoming neighbors"


def opened(name, expected, section=OPENING, **more):
    return attack("links", name, section, expected, **more)


def answer(node, friend, **fields):
    got, made = link.dial(node.address, friend.identity, node.id, **fields)
    if made:
        made.close()
    return got


@opened("(control) an active peer opens a link", "open")
def right(lab):
    node = gossiping(lab)
    return answer(node, node.friend())


@opened("a key that was never registered", "unknown-peer, counted")
def unknown(lab):
    node = gossiping(lab)
    count = lambda: node.operator("GET", "/status")["refused"].get("unknown-peer", 0)
    before = count()
    got = answer(node, node.stranger())
    return f"{got}, {'counted' if count() == before + 1 else 'not counted'}"


@opened("a registration that waits for approval", "not-active")
def pending(lab):
    stranger = lab.guarded.stranger()
    stranger.register()
    return answer(lab.guarded, stranger)


@opened("a peer that has left", "not-active")
def left(lab):
    friend = gossiping(lab).friend()
    friend.leave()
    return answer(gossiping(lab), friend)


FORGED = {
    "signed by another key": lambda node, friend: {"key": keys.Identity()},
    "with its own key, in another peer's name":
        lambda node, friend: {"claimed": node.friend().identity.id},
    "in the name of the node itself": lambda node, friend: {"claimed": node.id},
}
for what, fields in FORGED.items():
    @opened(f"a hello {what}", "unauthenticated")
    def forged(lab, fields=fields):
        node = gossiping(lab)
        friend = node.friend()
        return answer(node, friend, **fields(node, friend))


def relayed(lab, change):
    """The answer to an opening that is right but for what `change` makes of its parts."""
    node = gossiping(lab)
    friend = node.friend()
    connection, nonce = link.connect(node.address, node.id)
    parts = {"node": node.id, "tls_key": connection.tls_key, "nonce": nonce}
    parts |= change(node, nonce)
    tag = parts.pop("tag", link.TAG)
    said = link.opening(friend.identity, **parts)
    if tag != link.TAG:
        content = tag + friend.identity.id + node.id + connection.tls_key + nonce + said[32:48]
        said = said[:48] + friend.identity.sign(content)
    connection.send(said)
    got = link.exactly(connection.socket, 1)[0]
    rest = "closed" if connection.is_closed() else "left open"
    connection.close()
    return link.ANSWERS[got] if rest == "closed" else f"{link.ANSWERS[got]}, {rest}"


RELAYED = {
    "for another node": lambda node, nonce: {"node": keys.Identity().id},
    "for another TLS key": lambda node, nonce: {"tls_key": os.urandom(32)},
    "for the nonce of another connection":
        lambda node, nonce: {"nonce": link.connect(node.address, node.id)[1]},
    "under another tag": lambda node, nonce: {"tag": b"teambook-link-v0\0"},
}
for what, change in RELAYED.items():
    @opened(f"a hello {what}", "unauthenticated")
    def misdirected(lab, change=change):
        return relayed(lab, change)


@opened("a hello, sent again on another connection", "open, then unauthenticated")
def replayed(lab):
    node = gossiping(lab)
    friend, said = node.friend(), None
    got = []
    for _ in range(2):
        connection, nonce = link.connect(node.address, node.id)
        said = said or link.opening(friend.identity, node.id, connection.tls_key, nonce)
        connection.send(said)
        got.append(link.ANSWERS[link.exactly(connection.socket, 1)[0]])
        connection.close()
    return ", then ".join(got)


for what, seconds in {"an hour ago": -3600, "1970": -int(time.time())}.items():
    @opened(f"a hello whose time is {what}: the nonce is what makes it fresh", "open")
    def stale(lab, seconds=seconds):
        node = gossiping(lab, "stale")
        return answer(node, node.friend(), time_=int(time.time()) + seconds)


@opened("20 forged hellos and more in a peer's name", "unauthenticated, then busy")
def many_forged(lab):
    def run():
        node = lab.node("forged", GOSSIP, listen="10.77.0.1:0")
        friend = node.friend(source=("10.77.0.4", 0))
        got = [link.dial(node.address, friend.identity, node.id, source=("10.77.0.2", 0),
                         key=keys.Identity())[0] for _ in range(30)]
        return ", then ".join(dict.fromkeys(got))
    return in_namespace(run)


def spoken(lab, *alpn):
    """What is spoken where these protocols are offered."""
    node = gossiping(lab)
    with http.Connection(node.address, node.id, 5, http.tls(alpn)) as connection:
        agreed = connection.socket.selected_alpn_protocol()
        if agreed == link.ALPN:
            return "a link" if len(link.exactly(connection.socket, 32)) == 32 else "nothing"
        connection.send(os.urandom(108) + b"\r\n\r\n")
        return f"{agreed}, {connection.response().status}"


@opened("(control) both protocols are offered", "a link")
def both(lab):
    return spoken(lab, "http/1.1", link.ALPN)


@opened("another version's ALPN: HTTP is spoken", "None, 400")
def other_version(lab):
    return spoken(lab, "teambook-link/2")


@opened("the ALPN in capitals: HTTP is spoken", "None, 400")
def capitals(lab):
    return spoken(lab, link.ALPN.upper())


@opened("a hello where HTTP was agreed on", "http/1.1, 400")
def wrong_protocol(lab):
    return spoken(lab, "http/1.1")


@opened("HTTP where a link was agreed on", "unknown-peer")
def http_on_link(lab):
    connection, _ = link.connect(gossiping(lab).address)
    connection.send(http.head("GET", "/api/federation/identity", [("Host", "x" * 200)]))
    return link.ANSWERS[link.exactly(connection.socket, 1)[0]]


def unfinished(lab, data, pause=0):
    """When a connection ends whose hello does not come."""
    began = time.monotonic()
    connection, _ = link.connect(gossiping(lab, "waiting").address)
    for byte in data:
        connection.send(bytes([byte]))
        if pause and connection.is_closed(pause):
            break
    ended = connection.is_closed(20)
    took = time.monotonic() - began
    return "ended within 15 s" if ended and took < 15 else f"after {took:.0f} s"


for what, data, pause in (("that never comes", b"", 0), ("of 111 bytes", bytes(111), 0),
                          ("of a byte a second", bytes(30), 1)):
    @opened(f"a hello {what}", "ended within 15 s", is_slow=True)
    def half_open(lab, data=data, pause=pause):
        return unfinished(lab, data, pause)


def greetings(node, friend, count):
    """How many of so many links of one peer are open at once, and what the others were told."""
    kept, told = [], set()
    try:
        for _ in range(count):
            got, made = link.dial(node.address, friend.identity, node.id)
            kept.append(made) if made else told.add(got)
        alive = sum(made.end(0.02) == "open" for made in kept)
        return alive, told
    finally:
        for made in kept:
            made.close()


@watched("links", "40 links of one peer at once", "http: Limits", "at most 4 open")
def many_links(node, witness):
    alive, told = greetings(node, node.friend(), 40)
    return "at most 4 open" if alive <= 4 and told <= {"busy"} else f"{alive} open, {told}"


@watched("links", "a second link of a neighbor: the newer one stays", HELLO,
         "duplicate, then welcome")
def two_links(node, witness):
    first = neighbor(node)
    with neighbor(node, first.friend) as second:
        got = first.end()
        is_alive = second.end(0.3) == "open" and as_neighbor(node, first.friend)
        return f"{got}, then {'welcome' if is_alive else 'nothing'}"
