/**
 * Coverage: what a campaign has met, so that a generator that no longer reaches something is
 * noticed: operations with the codes that they were answered by, and events.
 */

import { errorName, OpCode, opName } from '@zabra/protocol';
import type { StepTranscript } from './transcript.ts';

const OPERATIONS =
  'create create2 createContainer createTTL delete exists getData setData getACL setACL ' +
  'getChildren getChildren2 sync ping multi multiRead auth setWatches setWatches2 checkWatches ' +
  'removeWatches addWatch getEphemerals getAllChildrenNumber whoAmI sasl closeSession';
const REFUSALS =
  'create NONODE,create NOAUTH,create NODEEXISTS,create NOCHILDRENFOREPHEMERALS,' +
  'create INVALIDACL,create BADARGUMENTS,create QUOTAEXCEEDED,create MARSHALLINGERROR,' +
  'delete NONODE,delete NOAUTH,' +
  'delete NOTEMPTY,delete BADVERSION,delete BADARGUMENTS,setData NONODE,setData NOAUTH,' +
  'setData BADVERSION,setData QUOTAEXCEEDED,setACL NONODE,setACL NOAUTH,setACL BADVERSION,' +
  'setACL INVALIDACL,exists NONODE,exists NOAUTH,getData NONODE,getData NOAUTH,getACL NOAUTH,' +
  'getChildren NONODE,getChildren NOAUTH,removeWatches NOWATCHER,checkWatches NOWATCHER,' +
  'auth AUTHFAILED,reconfig RECONFIGDISABLED,multi MARSHALLINGERROR,multiRead MARSHALLINGERROR';
const IN_MULTI =
  'create OK,create2 OK,delete OK,setData OK,check OK,error NONODE,error NOAUTH,error BADVERSION,' +
  'error NODEEXISTS,error NOTEMPTY,error INVALIDACL,error RUNTIMEINCONSISTENCY';
/** NodeCreated, NodeDeleted, NodeDataChanged, NodeChildrenChanged. */
const EVENTS = 'event 1,event 2,event 3,event 4';

/** What twenty thousand operations cannot miss. */
const EXPECTED: readonly string[] = [
  ...OPERATIONS.split(' ').map((name) => `${name} OK`),
  ...REFUSALS.split(','),
  ...IN_MULTI.split(',').map((name) => `multi: ${name}`),
  ...EVENTS.split(','),
];

export class Coverage {
  readonly #counts: Map<string, number>;

  constructor() {
    this.#counts = new Map();
  }

  add(transcript: StepTranscript): void {
    for (const entry of transcript.flat()) {
      if (entry.kind === 'event') this.#count(`event ${entry.body.split(' ')[1]}`);
      if (entry.kind !== 'reply' || entry.request < 0) continue;
      this.#count(`${opName(entry.opcode)} ${errorName(entry.err)}`);
      if (entry.opcode === OpCode.multi) this.#countResults(entry.body);
    }
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** What was expected and never met. */
  missing(): string[] {
    return EXPECTED.filter((what) => this.of(what) === 0);
  }

  /** Of the operations inside a multi; the end is none. */
  #countResults(body: string): void {
    for (const [, type, code] of body.matchAll(
      /[[,] ?(create|create2|delete|setData|check|error) (-?\d+)/g,
    )) {
      this.#count(`multi: ${type} ${errorName(Number(code))}`);
    }
  }

  #count(what: string): void {
    this.#counts.set(what, this.of(what) + 1);
  }
}
