"""What happens before the first byte of HTTP."""

import os
import socket
import ssl
import time

from stranger import http, peer

from .table import Skipped, attack

WHERE = "http: TLS"
IDENTITY = peer.ROUTES + "/identity"


def handshake(name, expected, section=WHERE, **more):
    return attack("tls", name, section, expected, **more)


def shaken(lab, context):
    """"refused", or what was agreed on."""
    try:
        with http.Connection(lab.open.address, timeout=15, context=context, check=False) as c:
            c.request("GET", IDENTITY)
            return f"{c.socket.version()}, {c.socket.selected_alpn_protocol()}"
    except (ssl.SSLError, ConnectionError, http.Closed):
        return "refused"


@handshake("(control) TLS 1.3 with http/1.1", "TLSv1.3, http/1.1")
def right(lab):
    return shaken(lab, http.tls())


@handshake("TLS 1.2 at most", "refused")
def old(lab):
    return shaken(lab, http.tls(lowest=ssl.TLSVersion.TLSv1_2, highest=ssl.TLSVersion.TLSv1_2))


@handshake("TLS 1.0 and 1.1", "refused")
def oldest(lab):
    context = http.tls(lowest=ssl.TLSVersion.TLSv1, highest=ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return shaken(lab, context)


@handshake("no ALPN", "TLSv1.3, None")
def no_alpn(lab):
    return shaken(lab, http.tls(alpn=None))


@handshake("ALPN h2 only: nothing but HTTP/1.1 is spoken", "TLSv1.3, None")
def other_alpn(lab):
    return shaken(lab, http.tls(alpn=["h2"]))


@handshake("a session's ticket of one node, shown to another", "not resumed")
def resumed(lab):
    context = http.tls()
    with http.Connection(lab.open.address, context=context) as first:
        first.request("GET", IDENTITY)
        session = first.socket.session
    raw = socket.create_connection(lab.guarded.address, timeout=10)
    with context.wrap_socket(raw, session=session) as second:
        return "resumed" if second.session_reused else "not resumed"


@handshake("the certificate binds the key to the node, by the document's rule", "bound")
def bound(lab):
    with http.Connection(lab.open.address) as connection:
        said = connection.request("GET", IDENTITY).body
        names = connection.node.hex() in said.decode() and connection.tls_key.hex() in said.decode()
        return "bound" if names and connection.node == lab.open.id else "not bound"


def raw(lab, data, wait=15):
    """Seconds until the node ended a connection that began with these bytes."""
    began = time.monotonic()
    with socket.create_connection(lab.open.address, timeout=wait) as connection:
        try:
            connection.sendall(data)
            while connection.recv(4096):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            return None
    return time.monotonic() - began


def ended(seconds, limit):
    if seconds is None:
        return "not ended"
    return f"ended within {limit} s" if seconds <= limit else f"ended after {seconds:.0f} s"


@handshake("random bytes in place of a handshake", "ended within 12 s")
def garbage(lab):
    return ended(raw(lab, os.urandom(4096)), 12)


@handshake("plain HTTP", "ended within 12 s")
def plain(lab):
    return ended(raw(lab, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 12)


@handshake("a record that says 16 KiB and brings none", "ended within 12 s", "http: Limits",
           is_slow=True)
def half_record(lab):
    return ended(raw(lab, b"\x16\x03\x01\x3f\xff\x01"), 12)


@handshake("a connection that says nothing", "ended within 12 s", "http: Limits", is_slow=True)
def silent(lab):
    return ended(raw(lab, b""), 12)


@handshake("a handshake of one byte a second", "ended within 12 s", "http: Limits", is_slow=True)
def slow(lab):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = http.tls().wrap_bio(incoming, outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello, began = outgoing.read(), time.monotonic()
    with socket.create_connection(lab.open.address, timeout=1) as connection:
        for byte in hello[:40]:
            try:
                connection.sendall(bytes([byte]))
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    return ended(time.monotonic() - began, 12)


@handshake("200 connections that never shake hands: a peer is still served", "served",
           "http: Limits")
def half_open(lab):
    friend = lab.open.friend()
    friend.close()
    sockets = []
    try:
        for _ in range(200):
            sockets.append(socket.create_connection(lab.open.address, timeout=5))
        began = time.monotonic()
        friend.status()
        took = time.monotonic() - began
        return "served" if took < 2 else f"after {took:.1f} s"
    except (OSError, http.Closed) as error:
        return type(error).__name__
    finally:
        for one in sockets:
            one.close()


@handshake("600 connections that never shake hands: a peer is still served", "served",
           "http: Limits", is_slow=False)
def many_half_open(lab):
    node = lab.node("crowded", {"auto_accept_lan": "true"})
    friend = node.friend()
    friend.close()
    sockets = []
    try:
        for _ in range(600):
            sockets.append(socket.create_connection(node.address, timeout=5))
        began = time.monotonic()
        friend.status()
        took = time.monotonic() - began
        return "served" if took < 15 else f"after {took:.1f} s"
    except (OSError, http.Closed) as error:
        return type(error).__name__
    finally:
        for one in sockets:
            one.close()
