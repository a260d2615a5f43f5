"""More than is allowed: of events, bytes, depth, ids; and cursors that point nowhere."""

import os
import time

from stranger import cbor, event, http, peer, signing

from .table import attack, fate, outcome

EVENTS = peer.ROUTES + "/events"


def bound(name, expected, section="Messages", **more):
    return attack("bounds", name, section, expected, **more)


def post(friend, body, route="/events"):
    return outcome(lambda: friend.signed("POST", route, body))


@bound("1,001 events in a push", "400 malformed")
def too_many(lab):
    friend = lab.open.friend()
    chain = event.Chain(friend.identity)
    return outcome(lambda: friend.push([chain.next(body=b"") for _ in range(1001)]))


@bound("1,000 events in a push", "1000 stored")
def most(lab):
    friend = lab.open.friend()
    chain = event.Chain(friend.identity)
    got = [fate(o) for o in friend.push([chain.next(body=b"") for _ in range(1000)])]
    return f"{got.count('stored')} stored"


@bound("a body of 4 MiB + 64 KiB + 1 bytes, announced", "413 too-large", "http: Limits")
def too_large(lab):
    friend = lab.open.friend()
    size = 4 * 2**20 + 2**16 + 1
    fields = signing.sign(friend.identity, "POST", EVENTS, friend.node, b"")
    connection = friend.connection
    connection.send(http.head("POST", EVENTS, [
        ("Host", "localhost"), *fields, ("Accept", "application/cbor")], size))
    return outcome(connection.response)


@bound("a body of 5 MiB in chunks, its length never said", "413 too-large",
       "http: Limits")
def too_large_chunked(lab):
    friend = lab.open.friend()
    body = bytes(5 * 2**20)
    fields = signing.sign(friend.identity, "POST", EVENTS, friend.node, body)

    def send():
        connection = friend.connection
        connection.send(http.head("POST", EVENTS, [
            ("Host", "localhost"), *fields, ("Accept", "application/cbor"),
            ("Transfer-Encoding", "chunked")]))
        for at in range(0, len(body), 2**16):
            piece = body[at:at + 2**16]
            try:
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            except (ConnectionError, OSError):
                break
        return connection.response()
    return outcome(send)


@bound("a registration of 8 KiB + 1 bytes", "413 too-large", "http: Limits")
def large_registration(lab):
    stranger = lab.open.stranger()
    return outcome(lambda: stranger.unsigned(bytes(8193)))


@bound("the most bytes that are allowed, but no message", "400 malformed", "http: Limits")
def large_garbage(lab):
    return post(lab.open.friend(), os.urandom(4 * 2**20 + 2**16))


DEEP = {
    "arrays 9 deep": b"\x82\x02" + b"\x81" * 8 + b"\x00",
    "arrays 100,000 deep": b"\x81" * 100_000 + b"\x00",
    "an array that says 2^32 elements": b"\x82\x02\x9b" + (2**32).to_bytes(8, "big"),
    "an array that says 2^64-1 elements": b"\x82\x02\x9b" + b"\xff" * 8,
    "a byte string that says 2^63 bytes": b"\x82\x02\x81\x5b" + (2**63).to_bytes(8, "big"),
    "a map": b"\x82\x02\xa1\x61a\x00",
    "a tag": b"\xc1\x82\x02\x80",
    "an indefinite array": b"\x82\x02\x9f\xff",
    "a break alone": b"\xff",
    "nothing": b"",
    "bytes left over": b"\x82\x02\x80\x00",
    "another route's message": b"\x82\x03\xf6",
    "a tag that there is not": b"\x82\x18\x63\x80",
    "a head that is not the shortest": b"\x82\x02\x98\x00",
    "undefined": b"\x82\x02\xf7",
}
for what, encoded in DEEP.items():
    @bound(f"a push that is {what}", "400 malformed", "Encoding")
    def odd(lab, encoded=encoded):
        return post(lab.open.friend(), encoded)


@bound("257 ids of bodies", "400 malformed")
def many_ids(lab):
    friend = lab.open.friend()
    return outcome(lambda: friend.bodies([os.urandom(32) for _ in range(257)]))


@bound("256 ids that nobody has", "0 events")
def unknown_ids(lab):
    friend = lab.open.friend()
    return f"{len(friend.bodies([os.urandom(32) for _ in range(256)]))} events"


@bound("an id of 31 bytes", "400 malformed")
def short_id(lab):
    return outcome(lambda: lab.open.friend().bodies([bytes(31)]))


@bound("4,097 admissions", "400 malformed")
def many_admissions(lab):
    friend = lab.open.friend()
    listed = sorted(os.urandom(32) for _ in range(4097))
    return outcome(lambda: friend.admissions(bytes(8), [[o, None] for o in listed]))


CURSORS = {
    "of another log": ("{other}.0", "410 cursor-reset"),
    "behind the log's end": ("{log}.999999999", "410 cursor-reset"),
    "of 2^53-1": ("{log}.9007199254740991", "410 cursor-reset"),
    "of 2^53": ("{log}.9007199254740992", "400 malformed"),
    "of 2^64": ("{log}.18446744073709551616", "400 malformed"),
    "that is negative": ("{log}.-1", "400 malformed"),
    "with a leading zero": ("{log}.01", "400 malformed"),
    "with a plus": ("{log}.+1", "400 malformed"),
    "in capitals": ("{LOG}.0", "400 malformed"),
    "without position": ("{log}.", "400 malformed"),
    "without log": (".0", "400 malformed"),
    "that is empty": ("", "400 malformed"),
    "with bytes of no text": ("{log}.%00", "400 malformed"),
    "of 20,000 characters": ("a" * 15000, "400 malformed"),
}
for what, (text, wanted) in CURSORS.items():
    @bound(f"a cursor {what}", wanted, "Log and cursor")
    def cursor(lab, text=text):
        friend = lab.open.friend()
        log = friend.status()["log"].hex()
        since = text.format(log=log, LOG=log.upper(), other="00" * 16)
        if "LOG" in text and since == text.format(log=log, LOG=log, other=""):
            since = "A" * 32 + ".0"
        return outcome(lambda: friend.signed("GET", f"/events?since={since}"))


@bound("a query that is not in the document", "400 malformed", "http: Routes")
def other_query(lab):
    friend = lab.open.friend()
    return outcome(lambda: friend.signed("GET", "/events?limit=1000000"))


@bound("two cursors in one query", "400 malformed", "http: Routes")
def two_cursors(lab):
    friend = lab.open.friend()
    log = friend.status()["log"].hex()
    return outcome(lambda: friend.signed("GET", f"/events?since={log}.0&since={log}.1"))


@bound("a page holds at most 500 events and 1 MiB", "bounded", "Messages")
def page(lab):
    friend = lab.open.friend()
    chain = event.Chain(friend.identity)
    for _ in range(2):
        friend.push([chain.next(body=os.urandom(1000)) for _ in range(600)])
    cursor, is_end, sizes = None, False, []
    while not is_end:
        response = friend.signed("GET", "/events" + (
            f"?since={peer.cursor_text(cursor)}" if cursor else ""))
        _, cursor, is_end, events = cbor.decode(response.body)
        sizes.append((len(events), len(response.body)))
    return "bounded" if all(n <= 500 and b <= 2**20 + 2**17 for n, b in sizes) else str(sizes)


@bound("a second stream of a peer ends the first", "200, 200, the first has ended", "Messages")
def two_streams(lab):
    friend = lab.open.friend()
    target = peer.ROUTES + "/stream"
    connections, statuses = [], []
    try:
        for _ in range(2):
            connection = http.Connection(friend.address, friend.node, 10)
            connections.append(connection)
            fields = signing.sign(friend.identity, "GET", target, friend.node)
            connection.send(http.head("GET", target, [
                ("Host", "localhost"), *fields, ("Accept", "application/cbor")]))
            statuses.append(str(connection.response_head()[0]))
        connections[0].socket.settimeout(5)
        try:
            for _ in connections[0].chunks():
                pass
            return ", ".join([*statuses, "the first has ended"])
        except TimeoutError:
            return ", ".join([*statuses, "the first goes on"])
    finally:
        for connection in connections:
            connection.close()


@bound("nine bodies of one peer under way at once: the ninth", "503 busy", "http: Limits")
def many_bodies(lab):
    friend = lab.open.friend()
    connections = []
    body = bytes(1000)
    try:
        for number in range(9):
            connection = http.Connection(friend.address, friend.node, 5)
            connections.append(connection)
            fields = signing.sign(friend.identity, "POST", EVENTS, friend.node, body)
            connection.send(http.head("POST", EVENTS, [
                ("Host", "localhost"), *fields, ("Accept", "application/cbor")], len(body)))
            if number < 8:
                connection.send(body[:500])
                time.sleep(0.05)
        return outcome(connections[-1].response)
    finally:
        for connection in connections:
            connection.close()
