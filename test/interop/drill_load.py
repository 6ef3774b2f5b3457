"""Load by kazoo while the servers under it are exchanged, run by migration.test.ts.

Several clients hold and pass on a lock, hold ephemerals, watch, and write. `ask drill` lets the
test exchange the servers; what must hold afterwards is judged here: no session lost, the lock never
held twice, every acknowledged write there, every watch up to date.

Usage: drill_load.py HOST:PORT[,HOST:PORT...]
"""

import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.states import KazooState
from kazoo.retry import KazooRetry

HOSTS = sys.argv[1]
SESSION_TIMEOUT_S = 10.0
LOCKERS = 3
stopping = threading.Event()
faults = []


def say(word, name):
    print(word, name, flush=True)


def ask(name):
    say("ask", name)
    if not sys.stdin.readline():
        raise SystemExit("the test has gone away")


def wait_for(what, condition, timeout_s=20.0):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


class Lasting:
    """A client whose session must live as long as the drill."""

    def __init__(self):
        retry = KazooRetry(max_tries=-1, delay=0.05, max_delay=0.5)
        self.zk = KazooClient(
            hosts=HOSTS,
            timeout=SESSION_TIMEOUT_S,
            randomize_hosts=True,
            connection_retry=retry,
            command_retry=retry,
        )
        self.states = []
        self.zk.start(timeout=20)
        self.zk.add_listener(self.states.append)
        self.session = self.zk.client_id[0]

    def judge(self):
        assert self.zk.client_id[0] == self.session, "another session"
        assert KazooState.LOST not in self.states, self.states

    def close(self):
        self.zk.stop()
        self.zk.close()


def guarded(work):
    """A thread whose failure is a fault of the drill."""

    def run():
        try:
            work()
        except Exception as error:
            faults.append("%s: %r" % (work.__qualname__, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


class Locker(Lasting):
    holders = []
    passed = 0

    def work(self):
        lock = self.zk.Lock("/kazoo-drill/lock", "locker")
        while not stopping.is_set():
            lock.acquire()
            Locker.holders.append(self)
            assert Locker.holders == [self], "the lock is held twice"
            time.sleep(0.02)
            Locker.holders.remove(self)
            Locker.passed += 1
            self.zk.retry(lock.release)


class Writer(Lasting):
    def __init__(self):
        super().__init__()
        self.acknowledged = []

    def work(self):
        number = 0
        while not stopping.is_set():
            try:
                self.zk.create("/kazoo-drill/writes/n-%d" % number, b"x")
                self.acknowledged.append(number)
            except (ConnectionLoss, KazooTimeoutError):
                pass
            number += 1
            time.sleep(0.01)

    def judge(self):
        super().judge()
        self.zk.retry(self.zk.sync, "/kazoo-drill/writes")
        there = set(self.zk.retry(self.zk.get_children, "/kazoo-drill/writes"))
        lost = [n for n in self.acknowledged if "n-%d" % n not in there]
        assert lost == [], "acknowledged and lost: %s" % lost


class Watcher(Lasting):
    def __init__(self):
        super().__init__()
        self.children = []
        self.calls = 0
        self.zk.ChildrenWatch("/kazoo-drill/writes", self.on_children)

    def on_children(self, children):
        self.calls += 1
        self.children = children

    def judge(self):
        super().judge()
        there = self.zk.retry(self.zk.get_children, "/kazoo-drill/writes")
        wait_for("the children's watch", lambda: sorted(self.children) == sorted(there))


class Holder(Lasting):
    """Holds an ephemeral, which must be the same one at the end."""

    def __init__(self, number):
        super().__init__()
        self.path = "/kazoo-drill/held-%d" % number
        self.zk.create(self.path, b"", ephemeral=True)
        self.czxid = self.zk.exists(self.path).czxid

    def judge(self):
        super().judge()
        stat = self.zk.retry(self.zk.exists, self.path)
        assert stat is not None, "the ephemeral is gone"
        assert (stat.czxid, stat.ephemeralOwner) == (self.czxid, self.session)


def main():
    first = Lasting()
    first.zk.create("/kazoo-drill/writes", makepath=True)
    lockers = [Locker() for _ in range(LOCKERS)]
    writer = Writer()
    watcher = Watcher()
    holders = [Holder(number) for number in range(3)]
    threads = [guarded(client.work) for client in lockers + [writer]]
    wait_for("the load to run", lambda: Locker.passed >= 3 and len(writer.acknowledged) >= 50)
    say("ok", "load")
    ask("drill")
    passed, written = Locker.passed, len(writer.acknowledged)
    wait_for("the lock to pass on", lambda: Locker.passed >= passed + 3 or faults)
    wait_for("writes", lambda: len(writer.acknowledged) >= written + 20 or faults)
    stopping.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a client does not end"
    assert faults == [], faults
    everybody = [first, writer, watcher] + lockers + holders
    for client in everybody:
        client.judge()
    numbers = (len(writer.acknowledged), Locker.passed, watcher.calls)
    say("ok", "%d writes, the lock passed %d times, %d calls of the watch" % numbers)
    for client in everybody:
        client.close()
    say("ok", "done")


main()
