"""A network of our own, in which this machine has whatever addresses an attack needs."""

import ctypes
import subprocess
import threading

from .table import Skipped

OWN = ["10.77.0.1/24", "10.77.0.2/24", "10.77.0.3/24", "10.77.0.4/24",
       *(f"10.77.1.{n}/16" for n in range(1, 41)), "169.254.169.254/32", "169.254.1.1/32",
       "64:ff9b::7f00:1/128", "2002:7f00:1::/128", "fe80::1/64"]


def in_namespace(act):
    """The result of `act` in a thread with a network of its own."""
    result = []

    def run():
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
                raise Skipped("needs root, for a network namespace")
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for address in OWN:
                subprocess.run(["ip", "address", "add", address, "dev", "lo", "nodad"][
                    :None if ":" in address else -1], check=True)
            result.append(act())
        except Exception as error:  # handed to the thread that waits
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]
