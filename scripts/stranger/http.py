"""HTTP/1.1 over TLS 1.3 on plain sockets: small enough that each byte sent is ours to choose."""

import socket
import ssl

from . import certificate


class Closed(Exception):
    """The other side ended the connection before a whole response."""


def tls(alpn=("http/1.1",), lowest=ssl.TLSVersion.TLSv1_3, highest=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = lowest
    if highest:
        context.maximum_version = highest
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


TLS = tls()


class Response:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def field(self, name):
        return next((v for k, v in self.fields if k.lower() == name.lower()), None)


class Connection:
    """A TLS connection to a node whose identity has been checked."""

    def __init__(self, address, wanted=None, timeout=20, context=None, check=True,
                 source=None):
        raw = socket.create_connection(address, timeout, source)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket = (context or TLS).wrap_socket(raw)
        except BaseException:
            raw.close()
            raise
        self._left = b""
        self.node = self.tls_key = None
        if check:
            try:
                self.node, self.tls_key = certificate.check(self.chain(), wanted)
            except BaseException:
                self.close()
                raise

    def chain(self):
        # The public API of 3.11 shows the first certificate only.
        inner = getattr(self.socket, "_sslobj", None)
        chain = inner.get_unverified_chain() if hasattr(inner, "get_unverified_chain") else None
        if not chain:
            return [self.socket.getpeercert(True)]
        return [ssl.PEM_cert_to_DER_cert(c.public_bytes()) for c in chain]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, target, fields=(), body=b"", host="localhost"):
        self.send(head(method, target, [("Host", host), *fields], len(body)) + body)
        return self.response(method)

    def response(self, method="GET"):
        """Reads one response whole; informational ones are passed over."""
        while True:
            status, fields = self.response_head()
            if status >= 200:
                break
        names = {k.lower(): v for k, v in fields}
        if method == "HEAD" or status in (204, 304):
            body = b""
        elif "chunked" in names.get("transfer-encoding", ""):
            body = b"".join(self.chunks())
        elif "content-length" in names:
            body = self._take(int(names["content-length"]))
        else:
            body = self._rest()
        return Response(status, fields, body)

    def response_head(self):
        head = self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines if line]
        return int(first.split(" ")[1]), fields

    def chunks(self):
        while True:
            size = int(self._until(b"\r\n").split(b";")[0], 16)
            chunk = self._take(size)
            self._until(b"\r\n")
            if size == 0:
                return
            yield chunk

    def is_closed(self, timeout=5):
        """Whether the other side ends the connection within so many seconds."""
        self.socket.settimeout(timeout)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except (TimeoutError, socket.timeout):
            return False
        except OSError:
            return True

    def _more(self):
        try:
            piece = self.socket.recv(65536)
        except ssl.SSLError as error:
            raise Closed(str(error)) from error
        except ConnectionError as error:
            raise Closed(str(error)) from error
        if not piece:
            raise Closed("the connection was closed")
        self._left += piece

    def _until(self, mark):
        while mark not in self._left:
            self._more()
        piece, _, self._left = self._left.partition(mark)
        return piece

    def _take(self, count):
        while len(self._left) < count:
            self._more()
        piece, self._left = self._left[:count], self._left[count:]
        return piece

    def _rest(self):
        try:
            while True:
                self._more()
        except Closed:
            return self._left


def head(method, target, fields, length=None):
    names = {name.lower() for name, _ in fields}
    if length is not None and "content-length" not in names and "transfer-encoding" not in names:
        fields = [*fields, ("Content-Length", str(length))]
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
