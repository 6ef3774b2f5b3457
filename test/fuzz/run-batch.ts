/**
 * A server under test with its healthy sessions, and how a batch is run against it: connections are
 * brought into the state of the visit, inputs arrive cut and merged, the healthy sessions do their
 * work in between, and at the end of each visit and batch everything must be as it should be.
 */

import { Audit } from './audit.ts';
import { Bed } from './bed.ts';
import { FuzzedConnections } from './connections.ts';
import { expectThat } from './finding.ts';
import type { FuzzClient } from './fuzz-client.ts';
import { HealthySessions } from './healthy.ts';
import type { Batch, Input, Visit } from './input.ts';
import { Janitor } from './janitor.ts';
import { fillIn } from './marks.ts';
import { observe } from './observe.ts';
import { type ServerKind, SESSION_MS_MAX, TICK_MS } from './servers.ts';
import { type Stage, type State, stateOf } from './states.ts';

/** They stay without a role from one connection to the next. */
const NEEDS_NO_ROLE: ReadonlySet<string> = new Set(['not serving', 'read-only mode']);

type Bytes = Uint8Array<ArrayBuffer>;

const NOTHING: Bytes = new Uint8Array(0);

export class ServerUnderTest {
  readonly bed: Bed;
  readonly audit: Audit;
  readonly healthy: HealthySessions;
  readonly connections: FuzzedConnections;
  mutatedCount: number;
  /** Of all turns of the last batch; processor time where the clock says more than that. */
  longestTurnMs: number;
  readonly #janitor: Janitor;

  constructor(kind: ServerKind) {
    this.bed = new Bed(kind);
    this.audit = new Audit(this.bed);
    this.connections = new FuzzedConnections(this.bed);
    this.mutatedCount = 0;
    this.longestTurnMs = 0;
    this.#janitor = new Janitor(this.bed, kind.bigBytes);
    this.healthy = new HealthySessions(this.bed);
    this.bed.onSecond = () => this.#keepAlive();
    this.audit.expectExplained();
  }

  /** Throws a Finding, or whatever the server throws. */
  run(batch: Batch): void {
    this.longestTurnMs = 0;
    this.#janitor.setStage();
    for (const visit of batch) this.#measured(() => this.#visit(visit));
    this.#measured(() => this.#finish());
  }

  /** A process that is suspended in a turn, or has to wait, does not work for so long. */
  #measured(run: () => void): void {
    const began = process.cpuUsage();
    this.bed.longestTurnMs = 0;
    run();
    const { user, system } = process.cpuUsage(began);
    const turnMs = Math.min(this.bed.longestTurnMs, (user + system) / 1000);
    this.longestTurnMs = Math.max(this.longestTurnMs, turnMs);
  }

  #visit({ state: name, inputs }: Visit): void {
    const state = stateOf(name);
    let client: FuzzClient | null = null;
    let carried = NOTHING;
    let left = 0;
    for (const input of inputs) {
      if (input.healthy >= 0 && this.bed.hasRole) this.healthy.act(input.healthy);
      if (client === null || this.#mustEnter(client, state, left, input)) {
        client = this.#enter(state, input);
        carried = NOTHING;
        left = state.burst;
      }
      carried = this.#send(client, input, carried, state.burst > 0);
      left--;
      if (state.burst === 0) for (let turn = 0; turn < input.turns; turn++) this.bed.turn();
      expectThat(this.bed.peer.ready.exit === null, () => 'The server wants to end');
    }
    if (client !== null && carried.length > 0) {
      this.bed.openTurn();
      client.feed(carried);
    }
    this.connections.settle();
    if (!this.bed.hasRole) this.#regainRole();
    this.healthy.expectRest();
  }

  /** `left`: inputs that the state has room for, where it passes. */
  #mustEnter(client: FuzzClient, state: State, left: number, input: Input): boolean {
    if (client.isOver || (state.burst > 0 && left <= 0)) return true;
    return input.isFresh && observe(client, this.bed.hasRole) !== state.name;
  }

  #enter(state: State, input: Input): FuzzClient {
    const { bed } = this;
    this.connections.settle();
    if (!bed.hasRole && !NEEDS_NO_ROLE.has(state.name)) this.#regainRole();
    const stage: Stage = {
      bed,
      variation: input.bytes.length,
      connect: (label) => this.connections.connect(label),
      beforeRoleEnds: () => this.#beforeRoleEnds(),
    };
    return state.enter(stage);
  }

  /** Returns the bytes that are to come together with the next input. */
  #send(client: FuzzClient, input: Input, carried: Bytes, isBurst: boolean): Bytes {
    const { bed } = this;
    const message = this.connections.message(input.what);
    if (input.isMutated) this.mutatedCount++;
    const { bytes, session } = fillIn(input.bytes, this.connections.session);
    if (session !== null) this.connections.onSessionNamed(session);
    const whole = new Uint8Array(carried.length + bytes.length);
    whole.set(carried);
    whole.set(bytes, carried.length);
    const end = Math.max(carried.length, whole.length - input.kept);
    let at = 0;
    for (const cut of [...input.cuts, bytes.length]) {
      const next = Math.min(Math.max(at, carried.length + cut), end);
      bed.openTurn();
      client.feed(whole.subarray(at, next), message);
      at = next;
      if (input.isSlow && !isBurst) bed.closeTurn();
    }
    this.connections.expectBounded(client);
    return whole.slice(end);
  }

  /** As clients do; they have nobody to ping while there is no role. */
  #keepAlive(): void {
    if (!this.bed.hasRole) return;
    this.healthy.keepAlive();
    this.#janitor.keepAlive();
  }

  #beforeRoleEnds(): void {
    this.bed.run();
    this.healthy.expectRest();
    this.healthy.letGo();
    this.#janitor.letGo();
    this.connections.beforeRoleEnds();
  }

  #regainRole(): void {
    this.bed.regainRole();
    this.healthy.comeBack();
    this.#janitor.comeBack();
  }

  #finish(): void {
    this.bed.pass(SESSION_MS_MAX + 2 * TICK_MS);
    this.healthy.expectRest();
    this.audit.expectExplained();
    this.#janitor.cleanUp(this.audit.ledger);
    this.audit.expectExplained();
    this.audit.expectNothingLeft();
  }
}
