"""What the operator's policy, the disk and the clocks refuse."""

import os
import subprocess
import time

from stranger import event, invite, keys, peer
from stranger.event import now

from .lab import SECRET
from .table import Skipped, attack, fate, outcome

JOIN = SECRET.encode()


def policy(name, expected, section="Refusals", **more):
    return attack("policy", name, section, expected, **more)


def state(act):
    try:
        return act()[0]
    except peer.Refused as refusal:
        return f"{refusal.status} {refusal.code}"


def invited(node, seconds="15m"):
    """An invite of the node's operator: id, secret."""
    code = node.command("invite", "--no-qr", "--expires", seconds)["code"]
    _, inviter, number, secret, _ = invite.read(code)
    assert inviter == node.id
    return number, secret


@policy("(control) an invite lets its bearer in without the operator", "active", "Registration")
def bearer(lab):
    return state(lambda: lab.guarded.stranger().register(invite=invited(lab.guarded)))


@policy("an invite that another node has used", "active, then 403 bad-invite")
def used(lab):
    both = invited(lab.guarded)
    first = state(lambda: lab.guarded.stranger().register(invite=both))
    return f"{first}, then {state(lambda: lab.guarded.stranger().register(invite=both))}"


@policy("an invite used again by the node that used it", "active, then active", "Registration")
def used_again(lab):
    both, stranger = invited(lab.guarded), lab.guarded.stranger()
    first = state(lambda: stranger.register(invite=both))
    return f"{first}, then {state(lambda: stranger.register(invite=both))}"


@policy("a good invite's id with another secret", "403 bad-invite")
def wrong_secret(lab):
    number, _ = invited(lab.guarded)
    both = (number, os.urandom(16))
    return state(lambda: lab.guarded.stranger().register(invite=both))


@policy("a proof of an invite, heard elsewhere, in another registration", "403 bad-invite")
def copied_proof(lab):
    both, owner, thief = invited(lab.guarded), lab.guarded.stranger(), lab.guarded.stranger()
    heard = owner.introduce().confirmation(invite=both)[6]
    message = thief.introduce().confirmation()
    message[6] = heard
    return state(lambda: peer.answer(thief.unsigned(message)))


@policy("an invite after its time", "403 bad-invite", is_slow=True)
def expired(lab):
    both = invited(lab.guarded, "1m")
    time.sleep(62)
    return state(lambda: lab.guarded.stranger().register(invite=both))


@policy("1,000 guesses at an invite's secret: the invite stays good for its bearer", "active",
        "Registration")
def guessed(lab):
    node = lab.node("guessed")
    both, guesser = invited(node), node.stranger()
    for _ in range(1000):
        guesser.identity = keys.Identity()
        guess = (both[0], os.urandom(16))
        state(lambda: guesser.register(invite=guess))
    return state(lambda: node.stranger().register(invite=both))


@policy("a key of which the policy asks more is not let in", "pending, then 403 not-active",
        "Registration")
def tier(lab):
    node = lab.node("tiers", {"auto_accept_lan": "true", "min_auth_tier": '"hardware-attested"'})
    stranger = node.stranger()
    got = state(lambda: stranger.register(secret=JOIN))
    return f"{got}, then {outcome(stranger.status)}"


@policy("an active peer, after the policy asks more", "200, then 403 tier-too-low")
def raised_tier(lab):
    node = lab.node("raised", {"auto_accept_lan": "true"})
    friend = node.friend()
    got = outcome(friend.status)
    node.configure({"min_auth_tier": '"hardware-attested"'})
    node.operator("POST", "/policy/reload")
    return f"{got}, then {outcome(friend.status)}"


@policy("more registrations than may wait for the operator", "503 too-many-peers")
def waiting(lab):
    node = lab.node("waiting")
    stranger = node.stranger()
    for _ in range(1100):
        stranger.identity = keys.Identity()
        got = state(stranger.register)
        if got != "pending":
            break
    return got


@policy("one peer more than max_peers waits", "active, then pending", "Registration")
def room(lab):
    node = lab.node("full", {"auto_accept_lan": "true", "max_peers": "1"})
    first = state(lambda: node.stranger().register(secret=JOIN))
    return f"{first}, then {state(lambda: node.stranger().register(secret=JOIN))}"


@policy("a vouched node, where auto_accept_known is on: its events are kept", "stored",
        "Membership")
def known(lab):
    node = lab.node("known", {"auto_accept_lan": "true", "auto_accept_known": "true"})
    friend, other = node.friend(), keys.Identity()
    friend.push([event.make(friend.identity, kind="peer.vouch", body=event.vouch(other.id))])
    return fate(friend.push([event.make(other)])[0])


@policy("… beyond the vouch's cut they are not", "stored, not-admitted", "Membership")
def beyond_cut(lab):
    node = lab.node("known", {"auto_accept_lan": "true", "auto_accept_known": "true"})
    friend, chain = node.friend(), event.Chain(keys.Identity())
    first, second = chain.next(), chain.next()
    vouch = event.vouch(chain.identity.id, [1, first.id])
    friend.push([event.make(friend.identity, kind="peer.vouch", body=vouch)])
    return ", ".join(map(fate, friend.push([first, second])))


@policy("a stranger vouches for itself", "aside", "Membership")
def self_vouch(lab):
    node = lab.node("known", {"auto_accept_lan": "true", "auto_accept_known": "true"})
    friend, other = node.friend(), keys.Identity()
    vouch = event.make(other, kind="peer.vouch", body=event.vouch(other.id))
    return fate(friend.push([vouch])[0])


@policy("65 vouches of one peer: the last counts no more", "64 stored, then aside", "Membership")
def many_vouches(lab):
    node = lab.node("known", {"auto_accept_lan": "true", "auto_accept_known": "true"})
    friend = node.friend()
    chain, others = event.Chain(friend.identity), [keys.Identity() for _ in range(65)]
    friend.push([chain.next(kind="peer.vouch", body=event.vouch(o.id)) for o in others])
    got = [fate(o) for o in friend.push([event.make(o) for o in others])]
    return f"{got.count('stored')} stored, then {got[-1]}"


@policy("an event cut off by a revocation, handed over by another peer", "revoked", "Event")
def revoked_event(lab):
    friend, other = lab.open.friend(), lab.open.friend()
    chain = event.Chain(friend.identity)
    friend.push([chain.next(), chain.next(kind="peer.revoke",
                                          body=event.revoke(friend.identity.id))])
    return fate(other.push([chain.next()])[0])


@policy("a peer that the operator revoked asks, and registers", "403 revoked, then revoked")
def revoked_by_operator(lab):
    friend = lab.open.friend()
    lab.open.command("peers", "revoke", friend.identity.id.hex(), "--yes")
    got = outcome(friend.status)
    return f"{got}, then {state(lambda: friend.register(secret=JOIN))}"


@policy("three active peers say that this node's clock is 40 s ahead: it does not sign",
        "503 clock-ahead", "Clock")
def clock_ahead(lab):
    node = lab.node("ahead", {"auto_accept_lan": "true"})
    for _ in range(3):
        stranger = node.stranger()
        challenge = stranger.introduce(time=now() - 40_000_000)
        peer.answer(stranger.unsigned(challenge.confirmation(secret=JOIN)))
    status, said = node.operator_response("POST", "/events", {"body": "signed?"})
    return f"{status} {said.get('code', '')}".strip()


@policy("two of five active peers lie about the time: the node signs on", "201", "Clock")
def clock_minority(lab):
    node = lab.node("minority", {"auto_accept_lan": "true"})
    for shift in (0, 0, 0, 900_000_000, 900_000_000):
        stranger = node.stranger()
        challenge = stranger.introduce(time=now() - shift)
        peer.answer(stranger.unsigned(challenge.confirmation(secret=JOIN)))
    return str(node.operator_response("POST", "/events", {"body": "signed?"})[0])


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec -= atoi(getenv("ATTACK_SECONDS_BACK"));
    return result;
}
"""


@policy("the wall clock goes back behind the log: the node does not sign", "503 clock-behind",
        "Clock")
def clock_behind(lab):
    library = os.path.join(lab.folder, "clock.so")
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, "-x", "c", "-", "-ldl"],
                       input=SHIM.encode(), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Skipped("needs a C compiler, to set one process's clock back") from None
    node = lab.node("behind", {"auto_accept_lan": "true"})
    friend = node.friend()
    friend.push([event.make(friend.identity, physical=now() + 55_000_000)])
    node.stop()
    node.environment = {"LD_PRELOAD": library, "ATTACK_SECONDS_BACK": "300"}
    node.start()
    status, said = node.operator_response("POST", "/events", {"body": "signed?"})
    return f"{status} {said.get('code', '')}".strip()


@policy("the disk is full: nothing is acknowledged, and what was is still there",
        "503 cannot-store, all acknowledged are held")
def full_disk(lab):
    node = lab.node("small disk", {"auto_accept_lan": "true"}, largest_file=1_500_000)
    friend = node.friend()
    chain, acknowledged, got = event.Chain(friend.identity), [], ""
    for _ in range(200):
        made = [chain.next(body=os.urandom(8000)) for _ in range(10)]
        try:
            outcomes = friend.push(made)
        except peer.Refused as refusal:
            got = f"{refusal.status} {refusal.code}"
            break
        acknowledged += [e.id for e, o in zip(made, outcomes) if fate(o) == "stored"]
    held = len([e for at in range(0, len(acknowledged), 100)
                for e in friend.bodies(acknowledged[at:at + 100])])
    all_held = "all acknowledged are held" if held == len(acknowledged) > 0 else (
        f"{held} of {len(acknowledged)} held")
    return f"{got}, {all_held}"
