"""Peers that name addresses at which a node must not knock (SSRF).

Tried in a network namespace of its own, where this process holds the forbidden addresses itself and
sees each connection.
"""

import socket
import time

from .namespace import in_namespace
from .table import Skipped, attack

WHERE = "Registration"
NODE, ATTACKER, PRIVATE = "10.77.0.1", "10.77.0.2", "10.77.0.3"
PORT = 7999

# What a peer names, and the addresses that it would lead to.
TARGETS = {
    "a private address of the LAN": (f"https://{PRIVATE}:{PORT}", [(PRIVATE, PORT)]),
    "loopback": ("https://127.0.0.1:8001", [("127.0.0.1", 8001)]),
    "another loopback": ("https://127.9.9.9:8002", [("127.9.9.9", 8002)]),
    "loopback of IPv6": ("https://[::1]:8003", [("::1", 8003)]),
    "the unspecified address": ("https://0.0.0.0:8004", [("127.0.0.1", 8004)]),
    "the unspecified address of IPv6": ("https://[::]:8005", [("::1", 8005)]),
    "the metadata service": ("http://169.254.169.254", [("169.254.169.254", 80)]),
    "the metadata service by https": ("https://169.254.169.254", [("169.254.169.254", 443)]),
    "the metadata service at our port": ("https://169.254.169.254:7443",
                                         [("169.254.169.254", 7443)]),
    "link-local": ("https://169.254.1.1:8006", [("169.254.1.1", 8006)]),
    "link-local of IPv6": ("https://[fe80::1%25lo]:8007", [("fe80::1%lo", 8007)]),
    "loopback in IPv6's clothes": ("https://[::ffff:127.0.0.1]:8008", [("127.0.0.1", 8008)]),
    "loopback in IPv6's clothes, in hexadecimal": ("https://[::ffff:7f00:1]:8009",
                                                   [("127.0.0.1", 8009)]),
    "loopback by NAT64": ("https://[64:ff9b::7f00:1]:8010", [("64:ff9b::7f00:1", 8010)]),
    "loopback by 6to4": ("https://[2002:7f00:1::]:8011", [("2002:7f00:1::", 8011)]),
    "loopback as one number": ("https://2130706433:8012", [("127.0.0.1", 8012)]),
    "loopback in short": ("https://127.1:8013", [("127.0.0.1", 8013)]),
    "loopback in octal": ("https://0177.0.0.1:8014", [("127.0.0.1", 8014)]),
    "loopback in hexadecimal": ("https://0x7f000001:8015", [("127.0.0.1", 8015)]),
    "a name that leads to loopback": ("https://localhost:8016",
                                      [("127.0.0.1", 8016), ("::1", 8016)]),
    "a name with a dot at its end": ("https://localhost.:8017",
                                     [("127.0.0.1", 8017), ("::1", 8017)]),
    "plain HTTP on the LAN": (f"http://{PRIVATE}:8018", [(PRIVATE, 8018)]),
    "a user before the host": (f"https://{PRIVATE}@127.0.0.1:8019",
                               [("127.0.0.1", 8019), (PRIVATE, 8019)]),
    "a multicast address": ("https://224.0.0.1:8020", []),
    "the broadcast address": ("https://255.255.255.255:8021", []),
    "a path behind the port": ("https://127.0.0.1:8022/../", [("127.0.0.1", 8022)]),
}
class Watch:
    """Listeners at addresses; which of them somebody has connected to."""

    def __init__(self, addresses):
        self.sockets = {}
        for host, port in addresses:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            address = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4]
            listener = socket.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen()
            listener.setblocking(False)
            self.sockets[host, port] = listener

    def seen(self):
        found = set()
        for address, listener in self.sockets.items():
            try:
                listener.accept()[0].close()
                found.add(address)
            except BlockingIOError:
                pass
        return found

    def close(self):
        for listener in self.sockets.values():
            listener.close()


def knock(lab):
    """Registers a peer for each address and waits; the names of those that were dialled."""
    node = lab.node("dialling", {"auto_accept_lan": "true"}, listen=f"{NODE}:0")
    stranger_port = 8023
    watch = Watch([a for _, addresses in TARGETS.values() for a in addresses]
                  + [(PRIVATE, stranger_port)])
    friends = []
    try:
        for endpoint, _ in TARGETS.values():
            friends.append(node.friend(endpoints=[endpoint], source=(ATTACKER, 0)))
        stranger = node.stranger(source=(ATTACKER, 0))
        stranger.card = [[1], "stranger", [f"https://{PRIVATE}:{stranger_port}"]]
        stranger.register()
        for friend in friends:
            node.operator_response("POST", "/sync", {"peer": friend.identity.id.hex()})
        seen, end = set(), time.monotonic() + 8
        while time.monotonic() < end:
            seen |= watch.seen()
            time.sleep(0.05)
        names = {name for name, (_, addresses) in TARGETS.items() if seen & set(addresses)}
        return names | ({"stranger"} if (PRIVATE, stranger_port) in seen else set())
    finally:
        watch.close()
        for friend in friends:
            friend.close()


KNOCKS = []


def dialled(lab, name):
    if not KNOCKS:
        try:
            KNOCKS.append(in_namespace(lambda: knock(lab)))
        except Skipped as reason:
            KNOCKS.append(reason)
    if isinstance(KNOCKS[0], Skipped):
        raise KNOCKS[0]
    return "dialled" if name in KNOCKS[0] else "not dialled"


for name in TARGETS:
    is_control = name == "a private address of the LAN"
    label = f"{'(control) ' if is_control else ''}an active peer names {name}"

    @attack("dialling", label, WHERE, "dialled" if is_control else "not dialled")
    def named(lab, name=name):
        return dialled(lab, name)


@attack("dialling", "a stranger names an address before it is approved", WHERE, "not dialled")
def stranger(lab):
    return dialled(lab, "stranger")
