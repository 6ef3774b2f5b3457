"""A pytest plugin: one line a test on standard output, as soon as the test has ended.

    result passed|failed|skipped SECONDS NODE-ID

A test has passed when its set-up, its call and its tear-down have.
"""

import sys

outcomes = {}
seconds = {}


def pytest_runtest_logreport(report):
    name = report.nodeid
    seconds[name] = seconds.get(name, 0.0) + report.duration
    if report.outcome != "passed":
        outcomes.setdefault(name, report.outcome)


def pytest_runtest_logfinish(nodeid):
    outcome = outcomes.get(nodeid, "passed")
    line = "\nresult %s %.1f %s\n" % (outcome, seconds.get(nodeid, 0.0), nodeid)
    # Not print(): pytest captures it.
    sys.__stdout__.write(line)
    sys.__stdout__.flush()
