/**
 * The gate between servers: both ends of the SASL exchange against each other and against scripts,
 * on both ports; who is let in, who is not and why; silence, knocks and replay.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bytesFromHex,
  bytesToHex,
  JuteReader,
  PacketType,
  QuorumAuthStatus,
  readQuorumAuthPacket,
  utf8Decode,
  utf8Encode,
  writeQuorumAuthPacket,
  writeQuorumPacket,
} from '@zabra/protocol';
import { SaslUsers } from '../ops/sasl-users.ts';
import { AUTH, GateSide, INIT, pump, SYNC_LIMIT_MS, taken, written } from './gate-side.test-kit.ts';
import type { Output } from './ready.ts';

const HELLO = written((w) => writeQuorumPacket(w, PacketType.FOLLOWERINFO, 0, null, null));
const FRAME = bytesFromHex('0000000401020304') ?? new Uint8Array(0);
const OPENING = auth(QuorumAuthStatus.IN_PROGRESS, '');
const HELLO_HEARD = ['learner', 'FOLLOWERINFO 0'];

const wrong = { ...AUTH, ownPassword: new SaslUsers(new Map([['zk', 'wrong']])) };
const unknown = { ...AUTH, userName: 'eve', ownPassword: new SaslUsers(new Map([['eve', 'x']])) };
const lenient = { ...AUTH, serverRequiresSasl: false };
const mute = { ...AUTH, learnerRequiresSasl: false, serverRequiresSasl: false };

function auth(status: number, token: string): Uint8Array {
  return written((w) => writeQuorumAuthPacket(w, status, utf8Encode(token)));
}

/** The packets of SASL that were written, as `status token`. */
function packets(output: Output): string[] {
  const bytes = taken(output);
  const r = new JuteReader().reset(bytes, 0, bytes.length);
  const found: string[] = [];
  while (r.remaining() > 0) {
    const packet = readQuorumAuthPacket(r);
    assert.ok(typeof packet === 'object', 'wanted packets of SASL and nothing else');
    found.push(`${packet.status} ${utf8Decode(packet.token, 0, packet.token.length)}`);
  }
  return found;
}

function link(side: GateSide, output: Output): { write(bytes: Uint8Array): void } {
  return {
    write: (bytes) => side.links.find(output.id)?.write(bytes, 0, bytes.length),
  };
}

describe('QuorumGate, two servers that know the password', () => {
  for (const pieceBytes of [1, 7, Number.POSITIVE_INFINITY]) {
    it(`opens the quorum port, in pieces of ${pieceBytes} bytes`, () => {
      const [from, to] = [new GateSide(AUTH), new GateSide(AUTH)];
      const dialed = from.dial('quorum').output;
      const accepted = to.accept('quorum');
      assert.deepEqual([from.heard, to.heard], [[], []], 'nobody hears of it before');
      pump([from, dialed], [to, accepted], pieceBytes);
      assert.deepEqual([from.takeHeard(), to.takeHeard()], [['leader'], ['learner']]);
      link(from, dialed).write(HELLO);
      pump([from, dialed], [to, accepted], pieceBytes);
      assert.deepEqual(to.takeHeard(), ['FOLLOWERINFO 0']);
      assert.deepEqual(to.said, ['info 10.0.0.9:5 authenticated as zk']);
    });

    it(`opens the election port behind INIT, in pieces of ${pieceBytes} bytes`, () => {
      const [from, to] = [new GateSide(AUTH), new GateSide(AUTH)];
      const dialed = from.dial('election').output;
      const accepted = to.accept('election');
      pump([from, dialed], [to, accepted], pieceBytes);
      assert.deepEqual(from.takeHeard(), ['authenticated']);
      assert.deepEqual(to.takeHeard(), ['accepted', bytesToHex(INIT)]);
      link(to, accepted).write(FRAME);
      pump([from, dialed], [to, accepted]);
      assert.deepEqual(from.takeHeard(), [bytesToHex(FRAME)]);
    });
  }

  it('says what Apache says, packet by packet', () => {
    const side = new GateSide(AUTH);
    const output = side.accept('quorum', OPENING);
    const [challenge = ''] = packets(output);
    assert.match(
      challenge,
      /^0 realm="zk-quorum-sasl-md5",nonce="[\w+/]{40}",charset=utf-8,algorithm=md5-sess$/,
    );
    const dialing = new GateSide(AUTH);
    const { output: dialed } = dialing.dial('quorum');
    assert.equal(bytesToHex(taken(dialed)), '5f2435013501edcc0000000000000000');
    dialing.tell(dialed, auth(0, challenge.slice(2)));
    const [answer = ''] = packets(dialed);
    assert.match(answer, /^0 charset=utf-8,username="zk",realm="zk-quorum-sasl-md5",nonce="/);
    assert.match(answer, /,digest-uri="zookeeper-quorum\/zk-quorum-sasl-md5",.*,qop=auth$/);
    side.tell(output, auth(0, answer.slice(2)));
    const [proof = ''] = packets(output);
    assert.match(proof, /^1 rspauth=[0-9a-f]{32}$/);
    dialing.tell(dialed, auth(1, proof.slice(2)));
    assert.deepEqual([side.takeHeard(), dialing.takeHeard()], [['learner'], ['leader']]);
  });

  it('hears what came in one piece with the last word', () => {
    const [from, to] = [new GateSide(AUTH), new GateSide(AUTH)];
    const dialed = from.dial('quorum').output;
    const accepted = to.accept('quorum', taken(dialed));
    from.tell(dialed, taken(accepted));
    to.tell(accepted, Uint8Array.of(...taken(dialed), ...HELLO));
    assert.deepEqual(to.takeHeard(), HELLO_HEARD);
    from.tell(dialed, Uint8Array.of(...taken(accepted), ...HELLO));
    assert.deepEqual(from.takeHeard(), ['leader', 'FOLLOWERINFO 0']);
  });
});

describe('QuorumGate, who must not come in', () => {
  for (const [name, config] of [
    ['a wrong password', wrong],
    ['an unknown user', unknown],
  ] as const) {
    it(`cuts ${name}, in one line at either end, and whether or not SASL is required`, () => {
      for (const kind of ['quorum', 'election'] as const) {
        for (const server of [AUTH, lenient]) {
          const [from, to] = [new GateSide(config), new GateSide(server)];
          const dialed = from.dial(kind, 'h9:1').output;
          const accepted = to.accept(kind);
          pump([from, dialed], [to, accepted]);
          assert.deepEqual(to.said, [
            `warn Refused 10.0.0.9:5 at the ${kind} port: its user or its password is wrong`,
          ]);
          assert.deepEqual(from.said, [
            `warn Cannot authenticate to h9:1 at its ${kind} port: ` +
              'it does not accept our user or our password',
          ]);
          assert.equal(accepted.closeAfterFlush, true);
          assert.equal(dialed.destroy, true);
          assert.equal(to.stats.quorumAuthFailureCount, 1);
          to.tell(accepted, HELLO);
          to.end(accepted);
          assert.deepEqual(to.heard, [], 'the server behind the gate never hears of it');
        }
      }
    });
  }

  it('cuts a server that begins without SASL, whatever it begins with', () => {
    for (const [kind, ...chunks] of [
      ['quorum', HELLO],
      ['quorum', Uint8Array.of(0xff)],
      ['election', INIT, FRAME],
      ['election', Uint8Array.of(...INIT, ...FRAME)],
    ] as const) {
      const side = new GateSide(AUTH);
      const output = side.accept(kind, ...chunks);
      assert.deepEqual(side.said, [
        `warn Refused 10.0.0.9:5 at the ${kind} port: it does not authenticate`,
      ]);
      assert.equal(output.closeAfterFlush, true);
      assert.deepEqual(side.heard, []);
    }
  });

  it('cuts what is no INIT, and what only looks like SASL', () => {
    const rubbish = bytesFromHex('5f24350135000000000000000000000000000000') ?? HELLO;
    for (const [kind, bytes, says] of [
      ['election', bytesFromHex('fffffffffffffff0') ?? HELLO, 'it did not begin with INIT'],
      ['election', Uint8Array.of(...INIT, ...rubbish), 'it sent a malformed SASL packet'],
      ['quorum', rubbish, 'it sent a malformed SASL packet'],
      ['quorum', auth(QuorumAuthStatus.ERROR, ''), 'it gave SASL up'],
    ] as const) {
      const side = new GateSide(AUTH);
      side.accept(kind, bytes);
      assert.deepEqual(side.said, [`warn Refused 10.0.0.9:5 at the ${kind} port: ${says}`]);
      assert.deepEqual(side.heard, []);
    }
  });

  it('does not take an answer to another challenge', () => {
    const [from, to] = [new GateSide(AUTH), new GateSide(AUTH)];
    const dialed = from.dial('quorum').output;
    const accepted = to.accept('quorum', taken(dialed));
    from.tell(dialed, taken(accepted));
    const answer = taken(dialed);
    const replayed = to.accept('quorum', OPENING, answer);
    assert.equal(replayed.closeAfterFlush, true);
    assert.match(to.said.at(-1) ?? '', /its user or its password is wrong$/);
    to.tell(accepted, answer);
    assert.deepEqual(to.heard, ['learner']);
  });

  it('cuts who is silent, says half of it, or does not go on, and keeps nobody waiting', () => {
    for (const [kind, says, ...chunks] of [
      ['quorum', 'authenticate'],
      ['election', 'say INIT'],
      ['election', 'say INIT', INIT.slice(0, 10)],
      ['election', 'authenticate', INIT],
      ['quorum', 'authenticate', OPENING],
      ['election', 'authenticate', INIT, OPENING.slice(0, 9)],
    ] as const) {
      const side = new GateSide(AUTH);
      const silent = side.accept(kind, ...chunks);
      const from = new GateSide(AUTH);
      const dialed = from.dial(kind).output;
      pump([from, dialed], [side, side.accept(kind)]);
      side.takeHeard();
      side.after(SYNC_LIMIT_MS - 1);
      assert.equal(silent.closeAfterFlush, false);
      side.after(1);
      assert.equal(silent.closeAfterFlush, true);
      assert.equal(
        side.said.at(-1),
        `warn Refused 10.0.0.9:5 at the ${kind} port: it did not ${says} in time`,
      );
      assert.deepEqual(side.heard, []);
    }
  });

  it('bounds those that wait: the oldest goes', () => {
    const side = new GateSide(AUTH);
    const outputs = Array.from({ length: 65 }, () => side.accept('quorum'));
    assert.deepEqual(outputs.map(({ closeAfterFlush }) => closeAfterFlush).indexOf(false), 1);
    assert.match(side.said.join(), /too many connections wait to authenticate/);
  });
});

describe('QuorumGate, where the other side is not believed', () => {
  it('leaves a server that proves nothing, or speaks no SASL, or is silent', () => {
    const challenge = 'realm="r",nonce="n",charset=utf-8,algorithm=md5-sess';
    for (const [says, ...answers] of [
      [
        'the server did not prove that it knows the password',
        auth(0, challenge),
        auth(1, 'rspauth=0'),
      ],
      ['the server sent a SASL challenge', auth(1, 'rspauth=00')],
      ['it ended SASL out of turn', auth(1, challenge)],
      ['it does not accept our user', auth(-1, '')],
      ['it does not accept our user', auth(7, '')],
      ['it does not speak SASL', Uint8Array.of(...FRAME, ...FRAME, ...FRAME)],
    ] as const) {
      const side = new GateSide(AUTH);
      const { output } = side.dial('quorum');
      for (const answer of answers) side.tell(output, answer);
      assert.equal(output.destroy, true);
      assert.match(
        side.said.join('|'),
        new RegExp(`^warn Cannot authenticate to h2:3888 .*: ${says}[^|]*$`),
      );
      assert.deepEqual(side.heard, []);
    }
    const side = new GateSide(AUTH);
    const { output } = side.dial('election');
    side.after(SYNC_LIMIT_MS);
    assert.equal(output.destroy, true);
    assert.match(side.said.join(), /it did not authenticate in time$/);
  });

  it('tells once of a server that hangs up, until it could be reached', () => {
    const [from, to] = [new GateSide(AUTH), new GateSide(AUTH)];
    const hangUp = (): void => {
      const { output } = from.dial('quorum');
      from.end(output);
      assert.deepEqual(from.takeHeard(), ['closed'], 'whoever dialed hears of it');
    };
    hangUp();
    hangUp();
    assert.deepEqual(from.said, [
      'warn Cannot authenticate to h2:3888 at its quorum port: it closed the connection',
    ]);
    pump([from, from.dial('quorum').output], [to, to.accept('quorum')]);
    from.takeHeard();
    hangUp();
    assert.equal(from.said.length, 2);
  });
});

describe('QuorumGate, on the way to SASL', () => {
  it('lets in who does not authenticate where it need not', () => {
    const side = new GateSide(lenient);
    side.accept('quorum', HELLO);
    assert.deepEqual(side.takeHeard(), HELLO_HEARD);
    side.accept('election', INIT, FRAME);
    assert.deepEqual(side.takeHeard(), ['accepted', bytesToHex(INIT), bytesToHex(FRAME)]);
    assert.deepEqual(side.said, []);
  });

  it('lets in who has nothing to say behind INIT, in time, and whoever only knocks', () => {
    const side = new GateSide(lenient);
    side.accept('election', INIT);
    assert.deepEqual(side.heard, []);
    side.after(SYNC_LIMIT_MS);
    assert.deepEqual(side.takeHeard(), ['accepted', bytesToHex(INIT)]);
    side.end(side.accept('election', INIT));
    assert.deepEqual(side.takeHeard(), ['accepted', bytesToHex(INIT), 'closed']);
    side.end(side.accept('election', INIT.slice(0, 9)));
    assert.deepEqual(side.takeHeard(), []);
  });

  it('does not dial with SASL before it must, and then towards every server', () => {
    for (const config of [null, mute]) {
      const side = new GateSide(config);
      const { output } = side.dial('election');
      assert.equal(bytesToHex(taken(output)), bytesToHex(INIT));
      assert.deepEqual(side.takeHeard(), ['authenticated']);
      side.dial('quorum');
      assert.deepEqual(side.takeHeard(), ['leader']);
      side.end(side.accept('quorum', HELLO));
      assert.deepEqual(side.takeHeard(), [...HELLO_HEARD, 'closed']);
    }
  });
});
