/**
 * Log events as text. The log4j line is the one that ZooKeeper's operators, parsers and alerts
 * know (operations.md 6.1): local time with a comma, the id of the server, the level padded to
 * five, thread and class in brackets. Where Java prints the line of its source we print 0: the
 * place in the pattern stays, and nothing may match on the number. JSON lines are pino's.
 */

import type { LogEvent, LogLevel } from '../peer/ready.ts';

/** Levels by weight; an event below the configured one is dropped. */
const WEIGHTS: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

const LEVEL_TEXTS: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBUG',
  info: 'INFO ',
  warn: 'WARN ',
  error: 'ERROR',
};

export type LogFormat = 'log4j' | 'json';

export interface LogOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  /** Empty for a server that has no `myid`. */
  readonly myid: string;
  readonly wallMs: () => number;
  /** Receives whole lines, those of one turn together. */
  readonly write: (text: string) => void;
}

/** Takes the events of one turn. */
export type LogSink = (events: readonly LogEvent[]) => void;

/** Asynchronous only because pino is loaded when it is wanted, to start faster without it. */
export async function makeLogSink(options: LogOptions): Promise<LogSink> {
  const least = WEIGHTS[options.level];
  const render = options.format === 'json' ? await jsonRenderer(options) : log4jRenderer(options);
  return (events) => {
    let text = '';
    for (const event of events) if (WEIGHTS[event.level] >= least) text += render(event);
    if (text !== '') options.write(text);
  };
}

/** `2026-11-23 19:55:32,206 [myid:1] - INFO  [main:QuorumPeer@0] - LOOKING`, and a line feed. */
export function log4jLine(event: LogEvent, wallMs: number, myid: string): string {
  const { level, thread, source, message } = event;
  const place = `[${oneLine(thread)}:${source}@0]`;
  const head = `${localTime(wallMs)} [myid:${myid}] - ${LEVEL_TEXTS[level]} ${place}`;
  return `${head} - ${oneLine(message)}\n`;
}

function log4jRenderer(options: LogOptions): (event: LogEvent) => string {
  return (event) => log4jLine(event, options.wallMs(), options.myid);
}

async function jsonRenderer(options: LogOptions): Promise<(event: LogEvent) => string> {
  const { pino } = await import('pino');
  let line = '';
  const destination = {
    write: (text: string) => {
      line = text;
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: options.myid === '' ? null : { myid: options.myid },
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(options.wallMs()).toISOString()}"`,
    },
    destination,
  );
  return ({ level, thread, source, message }) => {
    logger[level]({ thread, source }, message);
    return line;
  };
}

/** What a client sent may end up in a message: it must not be able to write lines of its own. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, (end) => (end === '\n' ? '\\n' : '\\r'));
}

function localTime(wallMs: number): string {
  const t = new Date(wallMs);
  const date = `${t.getFullYear()}-${padded(t.getMonth() + 1, 2)}-${padded(t.getDate(), 2)}`;
  const minute = `${padded(t.getHours(), 2)}:${padded(t.getMinutes(), 2)}`;
  const second = padded(t.getSeconds(), 2);
  return `${date} ${minute}:${second},${padded(t.getMilliseconds(), 3)}`;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
