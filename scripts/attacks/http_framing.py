"""HTTP that two readers could understand differently, and HTTP without end."""

import time

from stranger import http, peer, signing

from .table import attack, outcome

WHERE = "http: Limits"
ROUTES = "http: Routes"
STATUS = peer.ROUTES + "/status"
EVENTS = peer.ROUTES + "/events"


def framing(name, expected, section=WHERE, **more):
    return attack("http", name, section, expected, **more)


def fields_of(friend, method="GET", target=STATUS, body=b""):
    return [("Host", "localhost"), ("Accept", "application/cbor"),
            *signing.sign(friend.identity, method, target, friend.node, body)]


def request(friend, method="GET", target=STATUS, body=b"", extra=(), line=None):
    """The bytes of a signed request; `extra` are lines as they are."""
    head = [line or f"{method} {target} HTTP/1.1"]
    head += [f"{k}: {v}" for k, v in fields_of(friend, method, target, body)]
    return ("\r\n".join([*head, *extra]) + "\r\n\r\n").encode("latin-1") + body


def sent(friend, data):
    """The first answer, and whether anything else follows in the same connection."""
    connection = friend.connection
    connection.send(data)
    got = outcome(connection.response)
    if got == "closed":
        friend.close()
    return got


def smuggled(friend, data):
    """How many answers these bytes make: a second one would be a smuggled request's."""
    connection = friend.connection
    connection.socket.settimeout(2)
    connection.send(data)
    got = []
    for _ in range(3):
        last = []
        answer = outcome(lambda: last.append(connection.response()) or last[0])
        got.append(answer)
        # After this nothing counts that still comes.
        if last and (last[0].field("Connection") or "").lower() == "close":
            got.append("closed")
        if got[-1] in ("closed", "nothing"):
            break
    friend.close()
    return ", ".join(got)


@framing("(control) a signed request by hand", "200")
def right(lab):
    friend = lab.open.friend()
    friend.connection
    return sent(friend, request(friend))


PUSH = b"\x82\x02\x80"
ENDS = "400, closed / 400 malformed, closed"


@framing("Content-Length and Transfer-Encoding", ENDS)
def both(lab):
    friend = lab.open.friend()
    friend.connection
    body = b"3\r\n" + PUSH + b"\r\n0\r\n\r\n"
    data = request(friend, "POST", EVENTS, PUSH,
                   ["Content-Length: 3", "Transfer-Encoding: chunked"])
    return smuggled(friend, data[:-3] + body)


@framing("two different Content-Lengths", ENDS)
def lengths(lab):
    friend = lab.open.friend()
    friend.connection
    return smuggled(friend, request(friend, "POST", EVENTS, PUSH,
                                    ["Content-Length: 3", "Content-Length: 5"]))


@framing("Content-Length twice the same", ENDS)
def same_lengths(lab):
    friend = lab.open.friend()
    friend.connection
    return smuggled(friend, request(friend, "POST", EVENTS, PUSH,
                                    ["Content-Length: 3", "Content-Length: 3"]))


LENGTHS = ["+3", "-1", "0x3", "3, 3", "3 3", "", "99999999999999999999999"]
for text in LENGTHS:
    @framing(f"a Content-Length of “{text}”", ENDS)
    def odd_length(lab, text=text):
        friend = lab.open.friend()
        friend.connection
        return smuggled(friend, request(friend, "POST", EVENTS, PUSH,
                                        [f"Content-Length: {text}"]))


ENCODINGS = ["chunked, identity", "xchunked", "gzip, chunked", "identity"]
for text in ENCODINGS:
    @framing(f"a Transfer-Encoding of “{text}”", ENDS)
    def odd_encoding(lab, text=text):
        friend = lab.open.friend()
        friend.connection
        data = request(friend, "POST", EVENTS, PUSH, [f"Transfer-Encoding: {text}"])
        return smuggled(friend, data[:-3] + b"3\r\n" + PUSH + b"\r\n0\r\n\r\n")


CHUNKS = {
    "a size that is no number": b"zz\r\n",
    "a negative size": b"-3\r\n" + PUSH + b"\r\n0\r\n\r\n",
    "a size of 2^64": b"10000000000000000\r\n",
    "a chunk longer than its size": b"2\r\n" + PUSH + b"\r\n0\r\n\r\n",
}
for what, body in CHUNKS.items():
    @framing(f"chunks with {what}", ENDS)
    def odd_chunk(lab, body=body):
        friend = lab.open.friend()
        friend.connection
        data = request(friend, "POST", EVENTS, PUSH, ["Transfer-Encoding: chunked"])
        return smuggled(friend, data[:-3] + body)


HEADS = {
    "a folded field": "X-Fold: a\r\n b",
    "a space before the colon": "X-Space : a",
    "a field without colon": "nonsense",
    "a field without name": ": a",
    "a zero byte in a value": "X-Zero: a\0b",
    "a bare CR in a value": "X-Return: a\rb",
    "a name with a bracket": "X(Y): a",
}
for what, line in HEADS.items():
    @framing(f"a head with {what}", "400")
    def odd_head(lab, line=line):
        friend = lab.open.friend()
        friend.connection
        return sent(friend, request(friend, extra=[line]))


@framing("lines that end with LF alone", "400")
def bare_lf(lab):
    friend = lab.open.friend()
    friend.connection
    return sent(friend, request(friend).replace(b"\r\n", b"\n"))


LINES = {
    "HTTP/0.9": "GET " + STATUS,
    "HTTP/2.0": f"GET {STATUS} HTTP/2.0",
    "HTTP/1.17": f"GET {STATUS} HTTP/1.17",
    "no method": f"{STATUS} HTTP/1.1",
    "two spaces": f"GET  {STATUS} HTTP/1.1",
    "a method that there is not": f"FROB {STATUS} HTTP/1.1",
    "HTTP/2's preface": "PRI * HTTP/2.0",
}
for what, line in LINES.items():
    @framing(f"a first line of {what}", "400" if what != "two spaces" else "200")
    def odd_line(lab, line=line):
        friend = lab.open.friend()
        friend.connection
        return sent(friend, request(friend, line=line))


@framing("no Host: names play no part", "200")
def no_host(lab):
    friend = lab.open.friend()
    friend.connection
    return sent(friend, request(friend).replace(b"Host: localhost\r\n", b""))


@framing("65 fields", "400")
def many_fields(lab):
    friend = lab.open.friend()
    friend.connection
    return sent(friend, request(friend, extra=[f"X-{n}: 1" for n in range(65)]))


@framing("a field of 17 KiB", "400")
def large_field(lab):
    friend = lab.open.friend()
    friend.connection
    return sent(friend, request(friend, extra=["X-Large: " + "a" * 17 * 1024]))


@framing("a target of 17 KiB", "400")
def large_target(lab):
    friend = lab.open.friend()
    friend.connection
    return sent(friend, request(friend, target=STATUS + "?" + "a" * 17 * 1024))


@framing("a trailer field after the chunks that signs", "401 unauthenticated")
def trailer(lab):
    friend = lab.open.friend()
    friend.connection
    fields = signing.sign(friend.identity, "POST", EVENTS, friend.node, PUSH)
    early = [("Host", "localhost"), *fields[:-1], ("Transfer-Encoding", "chunked"),
             ("Trailer", "Signature")]
    data = http.head("POST", EVENTS, early) + b"3\r\n" + PUSH + b"\r\n0\r\n"
    return sent(friend, data + f"Signature: {fields[-1][1]}\r\n\r\n".encode())


for name in ("Signature", "Signature-Input", "Content-Digest", "Teambook-To", "Content-Type"):
    @framing(f"the field {name} twice", "401 unauthenticated", "http: Signatures of requests")
    def twice(lab, name=name):
        friend = lab.open.friend()
        friend.connection
        value = next(v for k, v in fields_of(friend) if k == name)
        return sent(friend, request(friend, extra=[f"{name}: {value}"]))


@framing("ten requests at once in one connection are answered in order", "10 answers, all 200")
def pipelined(lab):
    friend = lab.open.friend()
    connection = friend.connection
    connection.send(b"".join(request(friend) for _ in range(10)))
    got = [outcome(connection.response) for _ in range(10)]
    return f"{len(got)} answers, all 200" if set(got) == {"200"} else str(got)


@framing("an absolute target: its path counts", "200", ROUTES)
def absolute(lab):
    friend = lab.open.friend()
    friend.connection
    return sent(friend, request(friend, line=f"GET https://127.0.0.1{STATUS} HTTP/1.1"))


TARGETS = {
    "an authority (CONNECT)": ("CONNECT", "127.0.0.1:22"),
    "an asterisk": ("OPTIONS", "*"),
    "without slash": ("GET", "status"),
    "a percent-encoded letter": ("GET", peer.ROUTES + "/%73tatus"),
    "a percent-encoded slash": ("GET", peer.ROUTES + "%2Fstatus"),
    "dots": ("GET", peer.ROUTES + "/../federation/status"),
    "two slashes": ("GET", peer.ROUTES + "//status"),
    "a slash at the end": ("GET", STATUS + "/"),
    "capitals": ("GET", STATUS.upper()),
    "a fragment": ("GET", STATUS + "#x"),
    "a zero byte, encoded": ("GET", STATUS + "%00"),
    "something else": ("GET", "/"),
    "a route that there is not": ("GET", peer.ROUTES + "/nothing"),
}
for what, (method, target) in TARGETS.items():
    @framing(f"a target that is {what}", "404 not-found" if what != "without slash" else "400", ROUTES)
    def odd_target(lab, method=method, target=target):
        friend = lab.open.friend()
        friend.connection
        return sent(friend, request(friend, method, target))


METHODS = [("PUT", "/events"), ("DELETE", "/events"), ("PATCH", "/status"), ("POST", "/status"),
           ("GET", "/register"), ("GET", "/reconcile"), ("TRACE", "/status"), ("HEAD", "/status")]
for method, route in METHODS:
    @framing(f"{method} {route}", "405 not-allowed, Allow" if method != "HEAD" else "405, Allow",
             ROUTES)
    def wrong_method(lab, method=method, route=route):
        friend = lab.open.friend()
        response = friend.signed(method, route)
        allow = "Allow" if response.field("Allow") else "no Allow"
        return f"{response.status} {peer.code(response)}".strip() + ", " + allow


OPERATOR = [("POST", "/shutdown"), ("POST", "/import"), ("POST", "/sync"), ("POST", "/peers"),
            ("POST", "/peers/{me}/approve"), ("POST", "/peers/{me}/reject"),
            ("DELETE", "/peers/{other}"), ("POST", "/policy/reload"), ("POST", "/invites"),
            ("GET", "/peers/{other}")]
for method, route in OPERATOR:
    @framing(f"the operator's {method} {route} at the public port, by an active peer",
             "404 not-found / 405 not-allowed / 403 not-allowed", "http: The operator's socket")
    def operator_route(lab, method=method, route=route):
        friend, other = lab.open.friend(), lab.open.friend()
        path = route.format(me=friend.identity.id.hex(), other=other.identity.id.hex())
        got = outcome(lambda: friend.signed(method, path, b"{}", content_type="application/json"))
        if outcome(other.status) != "200" or not lab.open.is_running:
            return f"{got}, and it had an effect"
        return got


for kind in ("application/json", "text/plain", ""):
    @framing(f"a push as “{kind}”", "415 malformed", ROUTES)
    def media_type(lab, kind=kind):
        friend = lab.open.friend()
        return outcome(lambda: friend.signed("POST", "/events", PUSH, content_type=kind))


@framing("a body where none belongs: GET /status", "413 too-large", ROUTES)
def body_of_get(lab):
    friend = lab.open.friend()
    return outcome(lambda: friend.signed("GET", "/status", PUSH))


@framing("Upgrade: h2c and websocket are left alone", "200")
def upgrade(lab):
    friend = lab.open.friend()
    friend.connection
    extra = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c, websocket",
             "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"]
    return sent(friend, request(friend, extra=extra))


def seconds_until_closed(connection, limit):
    began = time.monotonic()
    return time.monotonic() - began if connection.is_closed(limit) else None


def within(seconds, low, high):
    if seconds is None:
        return "not ended"
    return f"ended after {low} to {high} s" if low <= seconds <= high else f"after {seconds:.0f} s"


@framing("a connection without a request", "ended after 50 to 75 s", is_slow=True)
def idle(lab):
    with http.Connection(lab.open.address) as connection:
        return within(seconds_until_closed(connection, 90), 50, 75)


@framing("a head of one field every 5 s", "ended after 50 to 75 s", is_slow=True)
def slow_head(lab):
    with http.Connection(lab.open.address) as connection:
        began = time.monotonic()
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        connection.socket.settimeout(5)
        while time.monotonic() - began < 90:
            try:
                connection.send(b"X-A: b\r\n")
                if connection.socket.recv(4096) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        return within(time.monotonic() - began, 50, 75)


@framing("a body of one byte every 2 s", "ended after 35 to 50 s", is_slow=True)
def slow_body(lab):
    friend = lab.open.friend()
    friend.connection
    body = bytes(1000)
    with http.Connection(lab.open.address) as connection:
        began = time.monotonic()
        fields = fields_of(friend, "POST", EVENTS, body)
        connection.send(http.head("POST", EVENTS, fields, len(body)))
        connection.socket.settimeout(2)
        while time.monotonic() - began < 90:
            try:
                connection.send(b"\0")
                if connection.socket.recv(4096) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        return within(time.monotonic() - began, 35, 50)
