/** Who a pod is: by the ordinal of its host name, or by its place in a list. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listedIdentity, podIdentity } from './pod-identity.ts';

describe('podIdentity', () => {
  it('counts ids from 1 and takes the domain from the machine', () => {
    const name = { short: 'my-zk-10', domain: 'zk.ns.svc.example.org' };
    const { id, hosts } = podIdentity(name, 11);
    assert.equal(id, 11);
    assert.equal(hosts[0], 'my-zk-0.zk.ns.svc.example.org');
    assert.equal(hosts.length, 11);
  });

  it('uses bare names where there is no domain', () => {
    assert.deepEqual(podIdentity({ short: 'zk-1', domain: '' }, 2).hosts, ['zk-0', 'zk-1']);
  });

  for (const short of ['zk', '', '-0', 'zk-', 'zk-a', 'zk-255', 'zk-0-x']) {
    it(`refuses the host name "${short}"`, () => {
      const message = new RegExp(`the host name is "${short}", wanted one that ends in an ordinal`);
      assert.throws(() => podIdentity({ short, domain: 'd' }, 3), { message, exitCode: 1 });
    });
  }

  it('refuses a pod beyond the servers, but for servers that stand alone', () => {
    const name = { short: 'zk-3', domain: 'd' };
    const message = /^Cannot start "zk-3": the 3 servers are "zk-0" to "zk-2"; .* as replicas$/;
    assert.throws(() => podIdentity(name, 3), { message });
    assert.equal(podIdentity(name, 1).id, 4);
  });
});

describe('listedIdentity', () => {
  const hosts = ['a.x', 'b.x', 'c'];
  it('finds the machine by its short or full name', () => {
    assert.equal(listedIdentity({ short: 'b', domain: 'x' }, hosts).id, 2);
    assert.equal(listedIdentity({ short: 'c', domain: '' }, hosts).id, 3);
    assert.equal(listedIdentity({ short: 'a', domain: 'other' }, hosts).id, 1);
  });

  it('refuses a machine that is not listed', () => {
    const message = 'Cannot tell who this server is: the host name "d" is not among a.x, b.x, c';
    assert.throws(() => listedIdentity({ short: 'd', domain: 'x' }, hosts), { message });
  });
});
