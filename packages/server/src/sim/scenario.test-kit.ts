/**
 * Scenarios: scripts over a simulated ensemble, for what has to happen in one order. A script is
 * blocks of a line with a verb, a line `----`, and what was seen; `runScenario` carries out the
 * verbs and gives the same text with what it has seen itself. Nothing fails here but what the
 * script breaks, and every checker of the simulation watches.
 *
 *   ensemble N             N voters start; waits for a leader that serves
 *   settle                 waits until all that run serve one state
 *   wait MS                lets simulated milliseconds pass
 *   create PATH DATA SID   one write through that server; gives up after the session's timeout
 *   set PATH DATA SID
 *   get PATH SID           one read from that server
 *   kill SID | power SID   ends the process, or cuts the power of its host
 *   restart SID
 *   isolate SID | heal     keeps a server apart from the others; ends all of that
 *   slow-disk SID MS       its syncs take that long from now on
 *   state                  what every server says of itself
 *
 * After etcd raft's data-driven tests.
 */

import { GetDataRequest, type Request } from '@zabra/client/session';
import { errorName, utf8Decode, zxidToHex } from '@zabra/protocol';
import { createRequest, Drill, setRequest } from './drill.test-kit.ts';

const SEPARATOR = '----';

export function runScenario(text: string): string {
  const scenario = new Scenario();
  const blocks = text.trimEnd().split('\n\n');
  const seen = blocks.map((block) => {
    const lines = block.split('\n');
    const asked = lines.slice(0, lines.indexOf(SEPARATOR));
    const outputs = asked.map((line) => (line.startsWith('#') ? '' : scenario.perform(line)));
    const output = outputs.filter((one) => one !== '').join('\n');
    return [...asked, SEPARATOR, ...(output === '' ? [] : [output])].join('\n');
  });
  return `${seen.join('\n\n')}\n`;
}

class Scenario {
  #drill: Drill | null = null;

  /** Carries out one line; returns what was seen. */
  perform(line: string): string {
    const [verb = '', first = '', second = '', third = ''] = line.split(' ');
    switch (verb) {
      case 'ensemble':
        this.#drill = new Drill({ voterCount: Number(first) });
        this.#drill.start();
        return this.#settle();
      case 'settle':
        return this.#settle();
      case 'wait':
        this.#world.run(Number(first));
        return '';
      case 'create':
        return this.#ask(createRequest(first, second), third);
      case 'set':
        return this.#ask(setRequest(first, second), third);
      case 'get':
        return this.#ask(new GetDataRequest(first), second);
      case 'kill':
        this.#world.server(Number(first)).kill();
        return '';
      case 'power':
        this.#world.server(Number(first)).cutPower();
        return '';
      case 'restart':
        this.#world.start(Number(first));
        return '';
      case 'isolate':
        this.#world.isolate(Number(first));
        return '';
      case 'heal':
        this.#world.heal();
        return '';
      case 'slow-disk':
        this.#world.setSyncTime(Number(first), Number(second));
        return '';
      case 'state':
        return this.#world.state();
      default:
        throw new Error(`There is no verb "${verb}"`);
    }
  }

  get #world(): Drill {
    if (this.#drill === null) throw new Error('A scenario begins with "ensemble"');
    return this.#drill;
  }

  #settle(): string {
    this.#world.settle();
    return this.#world.state();
  }

  /** A client with a session of its own asks one thing of one server. */
  #ask(request: Request, sid: string): string {
    const replied = this.#world.ask(request, Number(sid));
    return replied === null ? 'no answer' : describe(replied);
  }
}

function describe(request: Request): string {
  const { code, zxid } = request;
  const data = request instanceof GetDataRequest ? (request.reply?.data ?? null) : null;
  const text = data === null ? '' : ` "${utf8Decode(data, 0, data.length)}"`;
  return `${errorName(code)}${text} at ${zxidToHex(zxid)}`;
}
