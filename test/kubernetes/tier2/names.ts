/**
 * The cluster's name service: `names.js LAB` answers over UDP on the bridge what CoreDNS would,
 * for addresses of version 4. A service has its cluster address; a headless one those of its pods
 * that are published, that is the ready ones unless it says otherwise, and each of these pods has a
 * name. Everything else is not there. Services and endpoints are asked for often, not watched.
 */

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import process from 'node:process';

const ADDRESS = '10.244.0.1';
const API = `https://${ADDRESS}:16443/api/v1`;
const DOMAIN = 'svc.cluster.local';
const EVERY_MS = 200;
const TTL_S = 5;

/** Fields of the header of a message, RFC 1035 4.1.1. */
const HEADER_BYTES = 12;
const AUTHORITATIVE_ANSWER = 0x8580;
const NO_SUCH_NAME = 3;
const TYPE_A = 1;

interface Meta {
  readonly name: string;
  readonly namespace: string;
}

interface Service {
  readonly metadata: Meta;
  readonly spec: { readonly clusterIP?: string };
}

interface Endpoints {
  readonly metadata: Meta;
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string; readonly hostname?: string }[];
  }[];
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** Where the question ends in its message. */
  readonly end: number;
}

type Names = Map<string, string[]>;

const [, , lab = ''] = process.argv;
const key = (name: string): Buffer => readFileSync(join(lab, 'keys', name));
const agent = new Agent({
  ca: key('ca.crt'),
  cert: key('admin.crt'),
  key: key('admin.key'),
  keepAlive: true,
});

function list<T>(kind: string): Promise<readonly T[]> {
  return new Promise((resolve, reject) => {
    get(`${API}/${kind}`, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve((JSON.parse(text) as { items?: T[] }).items ?? []));
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function read(): Promise<Names> {
  const [services, endpoints] = await Promise.all([
    list<Service>('services'),
    list<Endpoints>('endpoints'),
  ]);
  const names: Names = new Map();
  const add = (name: string, address: string): void => {
    names.set(name, [...(names.get(name) ?? []), address]);
  };
  const full = ({ name, namespace }: Meta): string => `${name}.${namespace}.${DOMAIN}`;
  const headless = new Set<string>();
  for (const { metadata, spec } of services) {
    if (spec.clusterIP === 'None') headless.add(full(metadata));
    else if (spec.clusterIP !== undefined) add(full(metadata), spec.clusterIP);
  }
  for (const { metadata, subsets = [] } of endpoints) {
    const service = full(metadata);
    if (!headless.has(service)) continue;
    for (const { ip, hostname } of subsets.flatMap(({ addresses = [] }) => addresses)) {
      add(service, ip);
      if (hostname !== undefined) add(`${hostname}.${service}`, ip);
    }
  }
  return names;
}

/** The one question of a message; names in questions are never compressed. */
function questionOf(message: Buffer): Question {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const name = labels.join('.').toLowerCase();
  return { name, type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** A record that points at the name of the question. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0xc000 + HEADER_BYTES, 0);
  bytes.writeUInt16BE(TYPE_A, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(TTL_S, 6);
  bytes.writeUInt16BE(4, 10);
  bytes.set(address.split('.').map(Number), 12);
  return bytes;
}

/** Of other types a name has none; that is another answer than that it is not there. */
function answer(message: Buffer, names: Names): Buffer {
  const { name, type, end } = questionOf(message);
  const found = names.get(name);
  const addresses = type === TYPE_A ? (found ?? []) : [];
  const header = Buffer.alloc(HEADER_BYTES);
  message.copy(header, 0, 0, 2);
  header.writeUInt16BE(AUTHORITATIVE_ANSWER | (found === undefined ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([header, message.subarray(HEADER_BYTES, end), ...addresses.map(record)]);
}

let names: Names = new Map();

async function follow(): Promise<void> {
  try {
    names = await read();
  } catch (error) {
    // A control plane that does not answer for a moment takes no name away.
    console.error(`Cannot read services and endpoints: ${String(error)}`);
  }
  setTimeout(follow, EVERY_MS);
}

const socket = createSocket('udp4', (message, { address, port }) => {
  socket.send(answer(message, names), port, address);
});
socket.bind(53, ADDRESS);
await follow();
