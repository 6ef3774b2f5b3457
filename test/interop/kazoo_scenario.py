"""What kazoo does against an ensemble, run by interop.test.ts.

Lines on stdout are facts (`ok NAME`) or requests (`ask kill-leader`); after a request one line is
read from stdin before going on. Any failure ends the process with a traceback and status 1.

Usage: kazoo_scenario.py HOST:PORT[,HOST:PORT...]
"""

import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError, NotEmptyError
from kazoo.protocol.states import EventType, KazooState
from kazoo.retry import KazooRetry
from kazoo.security import make_digest_acl

HOSTS = sys.argv[1]
SESSION_TIMEOUT_S = 10.0


def say(word, name):
    print(word, name, flush=True)


def ask(name):
    say("ask", name)
    if not sys.stdin.readline():
        raise SystemExit("the test has gone away")


def wait_for(what, condition, timeout_s=20.0):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


def connect():
    retry = KazooRetry(max_tries=-1, delay=0.05, max_delay=0.5)
    client = KazooClient(
        hosts=HOSTS, timeout=SESSION_TIMEOUT_S, connection_retry=retry, command_retry=retry
    )
    client.start(timeout=20)
    return client


def refuses(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error:
        return
    raise AssertionError("expected " + error.__name__)


def basic(client):
    assert client.create("/kazoo", b"one") == "/kazoo"
    data, stat = client.get("/kazoo")
    assert (data, stat.version, stat.dataLength, stat.numChildren) == (b"one", 0, 3, 0)
    assert client.set("/kazoo", b"two", version=0).version == 1
    refuses(BadVersionError, client.set, "/kazoo", b"x", version=0)
    refuses(NodeExistsError, client.create, "/kazoo", b"")
    refuses(NoNodeError, client.get, "/kazoo/none")
    assert client.exists("/kazoo/none") is None
    path, stat = client.create("/kazoo/a", b"x" * 100_000, include_data=True)
    assert path == "/kazoo/a" and stat.dataLength == 100_000
    refuses(NotEmptyError, client.delete, "/kazoo")
    assert client.get_children("/kazoo") == ["a"]
    names = [client.create("/kazoo/s-", sequence=True) for _ in range(3)]
    assert names == ["/kazoo/s-%010d" % n for n in (1, 2, 3)], names
    client.ensure_path("/kazoo/deep/er/est")
    client.delete("/kazoo/deep", recursive=True)
    say("ok", "create, get, set, delete, sequences and their errors")


def transactions(client):
    change = client.transaction()
    change.create("/kazoo/t1", b"1")
    change.set_data("/kazoo", b"three")
    change.check("/kazoo", version=2)
    change.delete("/kazoo/a")
    results = change.commit()
    assert results[0] == "/kazoo/t1" and results[1].version == 2 and results[3] is True, results
    failing = client.transaction()
    failing.create("/kazoo/t2", b"")
    failing.delete("/kazoo/missing")
    failing.create("/kazoo/t3", b"")
    kinds = [type(result).__name__ for result in failing.commit()]
    assert kinds == ["RolledBackError", "NoNodeError", "RuntimeInconsistency"], kinds
    assert client.exists("/kazoo/t2") is None
    say("ok", "transactions, whole or not at all")


def watches(client):
    events = []
    client.get("/kazoo", watch=events.append)
    client.get_children("/kazoo", watch=events.append)
    client.exists("/kazoo/later", watch=events.append)
    client.set("/kazoo", b"four")
    client.create("/kazoo/later", b"")
    wait_for("three events", lambda: len(events) >= 3)
    kinds = sorted(event.type for event in events)
    assert kinds == sorted([EventType.CHANGED, EventType.CHILD, EventType.CREATED]), events
    seen = []
    client.DataWatch("/kazoo", lambda data, stat: seen.append(data))
    client.ChildrenWatch("/kazoo", lambda names: seen.append(sorted(names)))
    client.set("/kazoo", b"five")
    wait_for("the data watch", lambda: b"five" in seen)
    say("ok", "watches")


def access(client):
    client.add_auth("digest", "user:pass")
    acl = make_digest_acl("user", "pass", all=True)
    client.create("/kazoo/guarded", b"secret", acl=[acl])
    other = connect()
    try:
        other.get("/kazoo/guarded")
        raise AssertionError("a stranger reads what is guarded")
    except Exception as error:
        assert type(error).__name__ == "NoAuthError", error
    finally:
        other.stop()
        other.close()
    acls, _ = client.get_acls("/kazoo/guarded")
    assert acls[0].id.scheme == "digest", acls
    say("ok", "digest authentication and ACLs")


def ephemerals_end_with_their_session(client):
    other = connect()
    other.create("/kazoo/gone", b"", ephemeral=True)
    assert client.exists("/kazoo/gone").ephemeralOwner == other.client_id[0]
    other.stop()
    other.close()
    wait_for("the ephemeral to go", lambda: client.exists("/kazoo/gone") is None)
    say("ok", "ephemerals end with their session")


def leader_is_killed(client):
    """Session, ephemerals and the lock outlive the leader; the lock stays exclusive."""
    rival = connect()
    states = []
    client.add_listener(states.append)
    session = client.client_id[0]
    rival_session = rival.client_id[0]
    client.create("/kazoo/alive", b"", ephemeral=True)
    holders = []
    lock = client.Lock("/kazoo/lock", "first")
    rival_lock = rival.Lock("/kazoo/lock", "second")
    assert lock.acquire(timeout=10)
    holders.append("first")

    def contend():
        rival_lock.acquire()
        holders.append("second")

    contender = threading.Thread(target=contend, daemon=True)
    contender.start()
    wait_for("the rival to queue", lambda: len(client.get_children("/kazoo/lock")) == 2)
    ask("kill-leader")
    client.retry(client.create, "/kazoo/after-kill", b"written")
    wait_for("a connection", lambda: client.connected and rival.connected)
    assert client.client_id[0] == session, "the session changed"
    assert rival.client_id[0] == rival_session, "the rival's session changed"
    assert KazooState.LOST not in states, states
    stat = client.retry(client.exists, "/kazoo/alive")
    assert stat is not None and stat.ephemeralOwner == session
    assert holders == ["first"], "the lock was given away: %s" % holders
    assert client.retry(client.get, "/kazoo/after-kill")[0] == b"written"
    say("ok", "sessions, ephemerals and the lock outlive the leader")
    ask("restart")
    lock.release()
    wait_for("the rival to get the lock", lambda: holders == ["first", "second"])
    rival_lock.release()
    rival.stop()
    rival.close()
    say("ok", "the lock passes on")


def main():
    client = connect()
    basic(client)
    transactions(client)
    watches(client)
    access(client)
    ephemerals_end_with_their_session(client)
    leader_is_killed(client)
    client.delete("/kazoo", recursive=True)
    client.stop()
    client.close()
    say("ok", "done")


main()
