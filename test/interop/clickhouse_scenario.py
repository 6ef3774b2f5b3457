"""What ClickHouse does against an ensemble, run by keeper.test.ts: its own client of Keeper, in C++,
as chdb embeds it. Tables whose rows are znodes, a replicated table that comes and goes, functions
and collections that it keeps in the ensemble.

Lines on stdout are facts (`ok NAME`) or requests (`ask kill-leader`); after a request one line is
read from stdin before going on. Any failure ends the process with a traceback and status 1.

Usage: clickhouse_scenario.py CONFIG-FILE
"""

import sys
import time

import chdb

DEADLINE_S = 60.0


def say(word, name):
    print(word, name, flush=True)


def ask(name):
    say("ask", name)
    if not sys.stdin.readline():
        raise SystemExit("the test has gone away")


class Session:
    def __init__(self, config):
        self.connection = chdb.connect(":memory:?config-file=" + config)

    def run(self, query):
        return self.connection.query(query).bytes().decode()

    def sees(self, query, wanted):
        found = self.run(query)
        if found != wanted:
            raise AssertionError("%s gave %r, wanted %r" % (query, found, wanted))

    def fails(self, query, word):
        try:
            self.run(query)
        except Exception as error:
            if word in str(error):
                return
            raise
        raise AssertionError("%s did not fail" % query)

    def until(self, query):
        """Its session is gone when the ensemble changes its leader; a new one is its own affair."""
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                return self.run(query)
            except Exception:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


def key_values(session):
    session.run("create table km (k UInt64, v String) engine=KeeperMap('/km', 4) primary key k")
    session.run("insert into km values (1, 'a'), (2, 'b')")
    session.sees("select * from km order by k", '1,"a"\n2,"b"\n')
    session.sees("select v from km where k = 2", '"b"\n')
    session.sees("select v from km where k = 7", "")
    session.fails("insert into km settings keeper_map_strict_mode=1 values (1, 'c')", "Node exists")
    session.run("insert into km settings keeper_map_strict_mode=1 values (3, 'c')")
    session.run("alter table km update v = 'z' where k = 1")
    session.run("delete from km where k = 2")
    session.sees("select * from km order by k", '1,"z"\n3,"c"\n')
    session.fails("insert into km select number + 10, 'x' from numbers(9)", "LIMIT_EXCEEDED")
    say("ok", "rows of a table are znodes")


def own_objects(session):
    session.run("create function next as (x) -> x + 1")
    session.sees("select next(1)", "2\n")
    session.run("create named collection nc as a = 1")
    session.sees("select name from system.named_collections", '"nc"\n')
    session.run("create workload all")
    session.run("drop workload all")
    session.run("drop named collection nc")
    session.sees("select count() from system.named_collections", "0\n")
    session.run("drop function next")
    session.fails("select next(1)", "next")
    say("ok", "functions, collections and workloads are znodes")


def replicated_table(session):
    session.run("create database d engine=Atomic")
    for _ in range(2):
        session.run(
            "create table d.r (a UInt64) engine=ReplicatedMergeTree"
            "('/clickhouse/tables/{shard}/r', '{replica}') order by a"
        )
        session.sees("select zookeeper_path from system.replicas", '"/clickhouse/tables/1/r"\n')
        session.run("drop table d.r sync")
    session.sees("select generateSerialID('s') + 1", "1\n")
    session.sees("select generateSerialID('s') + 1", "2\n")
    say("ok", "a replicated table comes and goes")


def leader_dies(session):
    ask("kill-leader")
    session.until("insert into km values (4, 'd')")
    session.sees("select v from km where k = 4", '"d"\n')
    session.run("truncate table km")
    session.sees("select count() from km", "0\n")
    session.run("drop table km sync")
    say("ok", "a table outlives the death of a leader")


def main():
    session = Session(sys.argv[1])
    key_values(session)
    own_objects(session)
    replicated_table(session)
    leader_dies(session)
    say("ok", "done")


main()
