/**
 * An operator who sends a server a four-letter word over the simulated network and does not wait
 * for the answer.
 */

import { utf8Encode } from '@zabra/protocol';
import { DEAF, type SimNet } from './sim-net.ts';

const OPERATOR_HOST = '10.0.2.1';

export function sayWord(net: SimNet, host: string, port: number, word: string): void {
  net.dial(OPERATOR_HOST, host, port, DEAF).send(utf8Encode(word));
}
