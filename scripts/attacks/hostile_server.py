"""A node that dials us: what we may show it before it hangs up without a word."""

import datetime
import os
import socket
import ssl
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat)
from cryptography.x509.oid import NameOID

from stranger import certificate, keys

from .table import attack

WHERE = "http: TLS"
NOTHING = "no byte of HTTP"


class Server:
    """Takes one connection; keeps what came after the handshake, and answers with `answer`."""

    def __init__(self, chain, key, answer=b"", highest=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if highest:
            self.context.maximum_version = highest
        self.context.set_alpn_protocols(["http/1.1"])
        pem = b"".join(c.public_bytes(Encoding.PEM) for c in chain)
        pem += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with tempfile.NamedTemporaryFile() as file:
            file.write(pem)
            file.flush()
            self.context.load_cert_chain(file.name)
        self.answer, self.received, self.connections = answer, b"", 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            while True:
                raw, _ = self.listener.accept()
                self.connections += 1
                raw.settimeout(5)
                try:
                    with self.context.wrap_socket(raw, server_side=True) as connection:
                        self.received += connection.recv(65536)
                        connection.sendall(self.answer)
                        while connection.recv(65536):
                            pass
                except OSError:
                    raw.close()
        except OSError:
            pass

    def close(self):
        self.listener.close()


def dialled(lab, server):
    """What a server has seen after a node's operator named it."""
    try:
        lab.guarded.operator_response("POST", "/peers", {"url": server.url})
        if not server.connections:
            return "not dialled"
        return "HTTP" if server.received else NOTHING
    finally:
        server.close()


def hostile(name, expected=NOTHING, section=WHERE):
    return attack("hostile_server", name, section, expected)


def built(key, signer=None, extension=None, days=(-1, 300), algorithm=None):
    """A certificate in which anything may be wrong."""
    now = datetime.datetime.utcnow()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now + datetime.timedelta(days=days[0]))
               .not_valid_after(now + datetime.timedelta(days=days[1])))
    if extension is not None:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(certificate.BINDING, extension), critical=False)
    return builder.sign(signer or key, algorithm or hashes.SHA256())


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def bound(key, identity=None):
    return certificate.binding(identity or keys.Identity(),
                               certificate.subject_key(key.public_key()))


@hostile("(control) a right certificate", "HTTP")
def right(lab):
    key = p256()
    return dialled(lab, Server([built(key, extension=bound(key))], key))


@hostile("no extension that names a node")
def unbound(lab):
    key = p256()
    return dialled(lab, Server([built(key)], key))


@hostile("the extension of another TLS key")
def copied(lab):
    key = p256()
    return dialled(lab, Server([built(key, extension=bound(p256()))], key))


@hostile("the extension signed by another node")
def forged(lab):
    key = p256()
    value = bound(key)
    return dialled(lab, Server(
        [built(key, extension=value[:4] + keys.Identity().id + value[36:])], key))


@hostile("a node's key of small order, with which anything holds")
def small_order(lab):
    key, neutral = p256(), keys.encode(keys.NEUTRAL)
    value = b"\x30\x64\x04\x20" + neutral + b"\x04\x40" + neutral + bytes(32)
    return dialled(lab, Server([built(key, extension=value)], key))


@hostile("an extension of 103 bytes")
def long_extension(lab):
    key = p256()
    return dialled(lab, Server([built(key, extension=bound(key) + b"\0")], key))


@hostile("a certificate that ended three days ago")
def past(lab):
    key = p256()
    return dialled(lab, Server([built(key, extension=bound(key), days=(-30, -3))], key))


@hostile("a certificate that begins in three days")
def early(lab):
    key = p256()
    return dialled(lab, Server([built(key, extension=bound(key), days=(3, 30))], key))


@hostile("a certificate signed by another key")
def not_self_signed(lab):
    key = p256()
    return dialled(lab, Server([built(key, signer=p256(), extension=bound(key))], key))


@hostile("two certificates")
def two(lab):
    key, other = p256(), p256()
    return dialled(lab, Server([built(key, extension=bound(key)),
                                built(other, extension=bound(other))], key))


@hostile("a key of P-384")
def p384(lab):
    key = ec.generate_private_key(ec.SECP384R1())
    return dialled(lab, Server([built(key, extension=bound(key))], key))


@hostile("a key of RSA")
def of_rsa(lab):
    key = rsa.generate_private_key(65537, 2048)
    return dialled(lab, Server([built(key, extension=bound(key))], key))


@hostile("TLS 1.2")
def old(lab):
    key = p256()
    return dialled(lab, Server([built(key, extension=bound(key))], key,
                               highest=ssl.TLSVersion.TLSv1_2))


@hostile("a right certificate of the node itself: it does not register with itself",
         "no peer more", "Registration")
def itself(lab):
    host, port = lab.guarded.address
    before = len(lab.guarded.peers())
    lab.guarded.operator_response("POST", "/peers", {"url": f"https://{host}:{port}"})
    return "no peer more" if len(lab.guarded.peers()) == before else "a peer more"


def answered(lab, answer):
    """The operator's answer when the node at an address answers a registration like this."""
    key = p256()
    server = Server([built(key, extension=bound(key))], key, answer)
    try:
        before = len(lab.guarded.peers())
        status, _ = lab.guarded.operator_response("POST", "/peers", {"url": server.url})
        grown = len(lab.guarded.peers()) - before
        return "refused" if status >= 400 and not grown else f"{status}, {grown} peers more"
    finally:
        server.close()


def http_answer(status, body, fields=""):
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body)


CBOR = "Content-Type: application/cbor\r\n"
ANSWERS = {
    "garbage": os.urandom(3000),
    "a challenge that is not signed": http_answer(
        "200 OK", b"\x87\x00\x58\x20" + bytes(32) + b"\x58\x20" + bytes(32)
        + b"\x83\x81\x01\x60\x80\x00\x58\x40" + bytes(64) + b"\xf6", CBOR),
    "an active registration at once": http_answer("200 OK", b"\x84\x01\x66active\xf5\x00", CBOR),
    "arrays 100,000 deep": http_answer("200 OK", b"\x81" * 100_000, CBOR),
    "a body of 8 EiB": b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n" + bytes(9),
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000,
    "a refusal whose text moves the cursor of a terminal": http_answer(
        "503 No", b"\x84\x07\x64busy\x66\x1b[2J\x07\x08\xf6", CBOR),
}
for what, data in ANSWERS.items():
    @hostile(f"the answer to an introduction is {what}", "refused", "Messages")
    def odd_answer(lab, data=data):
        return answered(lab, data)


@hostile("a redirect is not followed", "not followed", "Registration")
def redirected(lab):
    aim = socket.create_server(("127.0.0.1", 0))
    aim.setblocking(False)
    try:
        url = f"Location: https://127.0.0.1:{aim.getsockname()[1]}/\r\n"
        answered(lab, http_answer("307 Temporary Redirect", b"", url))
        aim.accept()
        return "followed"
    except BlockingIOError:
        return "not followed"
    finally:
        aim.close()


@hostile("a peer's address answers with another node's identity", NOTHING, "http: TLS")
def other_node(lab):
    key = p256()
    server = Server([built(key, extension=bound(key))], key)
    try:
        friend = lab.open.friend(endpoints=[server.url])
        lab.open.operator_response("POST", "/sync", {"peer": friend.identity.id.hex()})
        return "HTTP" if server.received else NOTHING if server.connections else "not dialled"
    finally:
        server.close()
