/**
 * Style as a test: what the compiler and the linter cannot see. Lengths of files and functions,
 * the number of imports and the ambient sources of nondeterminism are the linter's affair; see
 * STYLE.md for the rules and their reasons.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acknowledgements } from './acknowledgements.ts';
import { CLIENT_TRAPS, namedTests, trapOf, trapRows } from './client-traps.ts';
import { expectTable } from './generated-table.ts';
import { scenarioFaults, scenarioRows } from './quorum-scenarios.ts';
import { RECOMMENDATIONS, recommendationRows } from './recommendations.ts';
import { importsOf, judgeImport, ROOMS, resolveImport, roomOf, roomOfFolder } from './rooms.ts';
import { isTest, isTypeScript, matches, readSources, type Source } from './sources.ts';
import { bannedWords } from './words.ts';

const COLUMNS_MAX = 100;
/** Characters that a head paragraph has at least: less says nothing. */
const HEAD_CHARACTERS_MIN = 30;

const sources = readSources();
const byPath: ReadonlyMap<string, Source> = new Map(sources.map((source) => [source.path, source]));
const code = sources.filter(({ path }) => /\.(?:ts|mjs|sh)$/.test(path));
const housed = code.filter(({ path }) => isTypeScript(path) && roomOf(path) !== undefined);

function expectNone(broken: readonly string[]): void {
  if (broken.length > 0) assert.fail(`Found ${broken.length}\n${broken.join('\n')}`);
}

/** The rule holds when no source breaks it; the message lists all that do. */
function rule(name: string, judged: readonly Source[], judge: (source: Source) => string[]): void {
  test(name, () => {
    assert.notEqual(judged.length, 0, 'The rule judged no file at all');
    expectNone(judged.flatMap(judge));
  });
}

rule(`no line is longer than ${COLUMNS_MAX} columns`, code, ({ path, text }) => {
  const lines = text.split('\n').map((line, index) => ({ line, number: index + 1 }));
  return lines
    .filter(({ line }) => [...line].length > COLUMNS_MAX)
    .map(({ number }) => `${path}:${number}`);
});

rule('every file opens with a paragraph that says what it is', code, ({ path, text }) => {
  const body = text.replace(/^#!.*\n/, '');
  const head = path.endsWith('.sh') ? /^(?:#.*\n)+/.exec(body) : /^\/\*\*[^]*?\*\//.exec(body);
  const characters = head === null ? 0 : head[0].replace(/[/*#\s]/g, '').length;
  return characters < HEAD_CHARACTERS_MIN ? [path] : [];
});

rule('no file is named for being of use', sources, ({ path }) => {
  return /(?:^|[/-])(?:utils?|helpers?|common|managers?|misc)(?:[-./]|$)/.test(path) ? [path] : [];
});

rule('file names are words in lower case with hyphens', housed, ({ path }) => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.test-kit)?\.ts$/.test(name) ? [] : [path];
});

rule('only the doors of packages are called index', housed, ({ path }) => {
  const doors = ['packages/protocol/src', 'packages/client/src', 'packages/client/src/session'];
  return path.endsWith('/index.ts') && !doors.includes(path.slice(0, -9)) ? [path] : [];
});

rule('no text speaks of unfinished business, one machine or its own making', sources, bannedWords);

rule('imports point down, and never sideways between strangers', housed, (source) => {
  return importsOf(source).flatMap((specifier) => {
    const reason = judgeImport(source, specifier);
    return reason === null ? [] : [`${source.path} imports ${specifier}: ${reason}`];
  });
});

test('the compiler knows the same floors: its references are the rooms below', () => {
  for (const [name, { folder, below, world }] of ROOMS) {
    if (!name.includes('/')) continue;
    const config = byPath.get(`${folder}/tsconfig.json`) ?? assert.fail(`${name} has no config`);
    const { compilerOptions, references } = JSON.parse(config.text) as {
      compilerOptions: { types: string[] };
      references: { path: string }[];
    };
    assert.deepEqual(compilerOptions.types, world ? ['node'] : [], name);
    for (const { path } of references) {
      const target = roomOfFolder(resolveImport(`${folder}/x`, path));
      assert.ok(target !== undefined && below.includes(target), `${name} references ${path}`);
    }
  }
});

test('every source is reached from a door or a command, or serves tests alone', () => {
  const reached = new Set<string>();
  const entries = [
    'packages/protocol/src/index.ts',
    'packages/client/src/index.ts',
    'packages/client/src/session/index.ts',
    'packages/server/src/bin/zabra.ts',
    ...housed.filter(({ path }) => isTest(path)).map(({ path }) => path),
  ];
  const visit = (path: string, fromTest: boolean): void => {
    const source = byPath.get(path);
    if (source === undefined || reached.has(path)) return;
    // A test keeps alive only what exists for tests: kits and naive models.
    if (fromTest && !isTest(path) && !/\/naive-[^/]+$/.test(path)) return;
    reached.add(path);
    for (const specifier of importsOf(source)) {
      if (specifier.startsWith('.')) visit(resolveImport(path, specifier), isTest(path));
    }
  };
  for (const entry of entries) visit(entry, isTest(entry));
  expectNone(housed.map(({ path }) => path).filter((path) => !reached.has(path)));
});

rule('no test is left out, and every file of tests has one', housed, (source) => {
  if (!source.path.endsWith('.test.ts')) return [];
  const leftOut = matches(source, /\b(?:test|it|describe|suite)\.(?:skip|todo|only)\b|skip: true/g);
  const hasTest = /\b(?:test|it|describe)\(|\bcheck\w*\(/.test(source.text);
  return hasTest ? leftOut : [...leftOut, `${source.path} has no test`];
});

rule('no loop runs over the keys of an object in an order of its own', housed, (source) => {
  return matches(source, /\bfor \((?:const|let) \w+ in\b/g);
});

test('acknowledgements are spoken where the disk has answered', () => {
  const zab = housed.filter(({ path }) => roomOf(path) === 'server/zab' && !isTest(path));
  const found = zab.flatMap(acknowledgements);
  // ACKEPOCH, the ACK of NEWLEADER and that of a proposal: each is spoken, and each is entered.
  assert.ok(found.length >= 6, `Found ${found.length} places only: does the rule still see them?`);
  expectNone(found.filter(({ lawful }) => !lawful).map(({ place }) => place));
});

rule('every relative link of a document leads somewhere', sources, ({ path, text }) => {
  if (!path.endsWith('.md')) return [];
  const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
    ({ 1: link }) => link,
  );
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  return links.flatMap((link = '') => {
    const target = resolveImport(`${folder}x`, link).replace(/\/$/, '');
    const there = sources.some(
      (other) => other.path === target || other.path.startsWith(`${target}/`),
    );
    return there || target === 'LICENSE' ? [] : [`${path} links to ${link}`];
  });
});

test('every npm script that a document names exists', () => {
  const manifest = JSON.parse(byPath.get('package.json')?.text ?? '{}') as {
    scripts: Record<string, string>;
  };
  const named = sources
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) => {
      return [...text.matchAll(/\bnpm run ([\w:]+)/g)].map(({ 1: name = '' }) => ({ path, name }));
    });
  const missing = named.filter(({ name }) => manifest.scripts[name] === undefined);
  assert.deepEqual(missing, []);
});

test('decisions are numbered without gaps and have context, decision and consequences', () => {
  const records = sources.filter(({ path }) => /^docs\/adr\/\d{4}-[a-z0-9-]+\.md$/.test(path));
  assert.notEqual(records.length, 0, 'There is no record of any decision');
  for (const [index, { path, text }] of records.entries()) {
    assert.equal(path.slice(9, 13), String(index + 1).padStart(4, '0'), path);
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(({ 1: heading }) => heading);
    assert.deepEqual(headings, ['Context', 'Decision', 'Consequences'], path);
  }
});

const tests = code.filter(({ path }) => path.endsWith('.test.ts')).flatMap(namedTests);

test('every trap of the client protocol is a test named after it', () => {
  const found = new Set(tests.map(trapOf).filter((trap) => trap !== 0));
  const wanted = CLIENT_TRAPS.map((_, index) => index + 1);
  assert.deepEqual(
    [...found].toSorted((a, b) => a - b),
    wanted,
  );
  expectTable('docs/protocol.md', 'traps', trapRows(tests));
});

test('every scenario of the quorum protocol is a test named after it', () => {
  assert.deepEqual(scenarioFaults(tests), []);
  expectTable('docs/zab.md', 'scenarios', scenarioRows(tests));
});

test('every recommendation is followed by a test that exists and a line that says so', () => {
  const missing = RECOMMENDATIONS.filter(({ test: [path, name] }) => {
    return !tests.some((one) => one.path === path && one.name === name);
  });
  assert.deepEqual(
    missing.map(({ test: named }) => named),
    [],
  );
  expectTable('docs/compatibility.md', 'recommendations', recommendationRows());
});
