/**
 * Rules of safety and how to break them: each mutation is one place in the compiled code and what
 * stands there instead, so that production code has no switch for it. A mutation says what the
 * simulation must object to; one that is never found means that a checker sleeps.
 */

export interface Mutation {
  /** The rule, as a sentence that the mutation makes false. */
  readonly rule: string;
  /** Below `dist`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The property that must be violated. */
  readonly property: RegExp;
  /** Within how many seeds it must be found; more than `SEEDS_QUICK` take a night. */
  readonly seeds: number;
}

export const SEEDS_QUICK = 50;
const SEEDS_NIGHT = 3000;

const SPEAK = /^Nothing is said before it is on disk|^An established leader/;

export const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'The history is synced before the ACK of NEWLEADER',
    file: 'zab/learner.js',
    find: `this.#step = 'syncing-log';
        this.#token = this.#host.storage.syncBeforeLeading();`,
    replace: `this.#step = 'storing-epoch';
        this.#token = this.#host.storage.storeCurrentEpoch(this.#epoch);`,
    property: SPEAK,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'currentEpoch is stored before the ACK of NEWLEADER',
    file: 'zab/learner.js',
    find: 'this.#token = this.#host.storage.storeCurrentEpoch(this.#epoch);',
    replace: `this.#host.storage.storeCurrentEpoch(this.#epoch);
                this.#sendAckNewLeader();`,
    property: SPEAK,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'acceptedEpoch is stored before ACKEPOCH',
    file: 'zab/learner.js',
    find: 'this.#token = this.#host.storage.storeAcceptedEpoch(epoch);',
    replace: `this.#host.storage.storeAcceptedEpoch(epoch);
        this.#sendAckEpoch(this.#host.storage.currentEpoch);`,
    property: SPEAK,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'A proposal is committed by a quorum',
    file: 'zab/proposals.js',
    find: 'if (!hasQuorumOfAll(verifiers, this.#isAcked))',
    replace: 'if (this.#acked.size === 0)',
    property: /quorum/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'A leader counts itself after its own sync',
    file: 'zab/leader-broadcast.js',
    find: 'this.#proposals.add(proposal);',
    replace: `this.#proposals.add(proposal);
        this.#proposals.onAck(this.#host.sid, proposal.zxid);`,
    property: /^A committed transaction is on the disks of a quorum/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'Who joins gets every proposal that may be committed later',
    file: 'zab/leader-broadcast.js',
    find: 'of this.#proposals.outstanding()) {',
    replace: 'of []) {',
    property: /./,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'Whose last zxid the log files lack gets no history out of them',
    file: 'log/log-cursor.js',
    find: `if (before === after)
            return true;`,
    replace: 'if (before <= after) return true;',
    property: /^A server finds the digests|^An epoch has one past/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'A read waits for the earlier writes of its session',
    file: 'peer/requests.js',
    find: 'else if (connection.queue.length > 0)',
    replace: 'else if (connection.queue.length < 0)',
    property: /^Replies are well-formed/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'A change of data fires its watches',
    file: 'ops/watch-events.js',
    find: 'this.#trigger(EventType.NODE_DATA_CHANGED, path, zxid, null, path);',
    replace: ';',
    property: /^A watch fires before/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'Sequence numbers count creations, not children',
    file: 'ops/create.js',
    find: 'sequentialName(path, parent.cversion)',
    replace: 'sequentialName(path, parent.childCount)',
    property: /^Writes are linearizable/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'A local session of a learner owns no ephemeral',
    file: 'peer/primary-order.js',
    find:
      'const ephemeralError = isLocal && owner === this ? ' +
      'ErrorCode.EPHEMERALONLOCALSESSION : code;',
    replace: 'const ephemeralError = isLocal ? ErrorCode.OK : code;',
    property: /^A local session owns no ephemeral|^A write returns what it did/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'A session stays local until it wants an ephemeral',
    file: 'peer/local-sessions.js',
    find: '!this.#host.state.wantsEphemeral(request)',
    replace: 'false',
    property: /^A session becomes known to all for an ephemeral|^A write returns what it did/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'Read-only mode ends with the search for a leader',
    file: 'peer/campaign.js',
    find: `this.#decided = null;
        this.#readOnly.end();`,
    replace: 'this.#decided = null;',
    property: /^A server in read-only mode takes no writes/,
    seeds: SEEDS_QUICK,
  },
  {
    rule: 'A vote waits for the epochs that it names',
    file: 'log/storage.js',
    find: 'this.#whenEpochsStored(() => this.#watermark.settle(onStored));',
    replace: 'this.#watermark.settle(onStored);',
    property: /^A member votes for itself/,
    seeds: SEEDS_NIGHT,
  },
  {
    rule: 'A connection ends with the role, whatever its client waits for',
    file: 'peer/client-port.js',
    find: `if (connection.destroy || connection.closeAfterFlush)
                continue;
            if (isGraceful)`,
    replace: `if (connection.state === 'closing')
                continue;
            if (isGraceful)`,
    property: /./,
    seeds: SEEDS_NIGHT,
  },
  {
    rule: 'Votes are ordered by epoch first',
    file: 'zab/vote.js',
    find: `if (epoch !== thanEpoch)
        return epoch > thanEpoch;`,
    replace: '',
    property: /./,
    seeds: SEEDS_NIGHT,
  },
];
