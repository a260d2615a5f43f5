"""Attacks as rows: what is expected of the node, and what it did."""

import ssl
import threading
import traceback

from stranger import http, peer

ATTACKS = []


class Skipped(Exception):
    """The attack can't be tried on this machine; says why."""


class Attack:
    def __init__(self, surface, name, section, expected, run, is_slow):
        self.surface, self.name, self.section = surface, name, section
        self.expected, self.run, self.is_slow = expected, run, is_slow
        self.got, self.verdict = "", ""

    def carry_out(self, lab):
        try:
            self.got = str(self.run(lab))
            allowed = [text.strip() for text in self.expected.split(" / ")]
            self.verdict = "PASS" if self.got in allowed else "FAIL"
        except Skipped as reason:
            self.got, self.verdict = str(reason), "SKIP"
        except Exception as error:  # an attack that breaks is a finding too
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.got = f"{type(error).__name__}: {error} ({place.name}:{place.lineno})"
            self.verdict = "FAIL"

    @property
    def row(self):
        return {"surface": self.surface, "attack": self.name, "section": self.section,
                "expected": self.expected, "got": self.got, "verdict": self.verdict}


def attack(surface, name, section, expected, is_slow=False):
    """Registers a function of the laboratory that returns what the node did, as text."""
    def add(run):
        ATTACKS.append(Attack(surface, name, section, expected, run, is_slow))
        return run
    return add


def outcome(act):
    """"200", "403 unknown-peer", "closed": of a function that returns a response or fields."""
    try:
        response = act()
    except peer.Refused as refusal:
        return f"{refusal.status} {refusal.code}".strip()
    except (http.Closed, ConnectionError, ssl.SSLError):
        return "closed"
    except TimeoutError:
        return "nothing"
    if isinstance(response, http.Response):
        return f"{response.status} {peer.code(response)}".strip()
    return "200"


def fate(value):
    """An outcome of a push as text."""
    return value if isinstance(value, str) else ["stored", "held", "aside"][value]


class Background:
    """Attacks that wait for a limit of time, all at once beside the others."""

    def __init__(self, attacks, lab):
        self.threads = [threading.Thread(target=a.carry_out, args=(lab,), daemon=True)
                        for a in attacks]
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()
