/** JAAS files: what they say, and that no complaint about one shows a password. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from './config-error.ts';
import { type LoginModule, parseJaas } from './jaas-file.ts';

const PROPERTIES: ReadonlyMap<string, string> = new Map([['pw.of.bob', 'from a property']]);

function parse(text: string): ReadonlyMap<string, readonly LoginModule[]> {
  return parseJaas(text, (name) => PROPERTIES.get(name));
}

function optionsOf(options: string): Record<string, string> {
  const modules = parse(`Server { x.Module required ${options}; };`).get('Server');
  return Object.fromEntries(modules?.[0]?.options ?? []);
}

describe('parseJaas', () => {
  it('reads sections, modules and options', () => {
    const sections = parse(
      `/* a comment
          over lines */
       Server {
         org.apache.zookeeper.server.auth.DigestLoginModule required
           user_super="adminsecret"
           user_bob="bobsecret";
       };
       // another
       Client {
         a.B OPTIONAL x=y; a.C sufficient;
       };
       "Quoted Name" { };`,
    );
    assert.deepEqual([...sections.keys()], ['Server', 'Client', 'Quoted Name']);
    const [server] = sections.get('Server') ?? [];
    assert.equal(server?.className, 'org.apache.zookeeper.server.auth.DigestLoginModule');
    assert.deepEqual(
      [...(server?.options ?? [])],
      [
        ['user_super', 'adminsecret'],
        ['user_bob', 'bobsecret'],
      ],
    );
    assert.deepEqual(
      sections.get('Client')?.map(({ className }) => className),
      ['a.B', 'a.C'],
    );
    assert.deepEqual(sections.get('Quoted Name'), []);
    assert.equal(parse(' \n').size, 0);
  });

  const values: readonly (readonly [string, Record<string, string>])[] = [
    ['user_a-b.c$9="x"', { 'user_a-b.c$9': 'x' }],
    ['"user_k@R"="x"', { 'user_k@R': 'x' }],
    ['user_müller="pässword"', { user_müller: 'pässword' }],
    ['a=word b=12', { a: 'word', b: '12' }],
    ['a="q\\"u\\\\o\\te"', { a: 'q"u\\o\te' }],
    ['a="\\101\\60"', { a: 'A0' }],
    ['a="{;=}// /* */"', { a: '{;=}// /* */' }],
    ['a="${pw.of.bob}!"', { a: 'from a property!' }],
    ['a="x${/}y"', { a: 'x/y' }],
    ['a="first" a="last"', { a: 'last' }],
    ['/* c */ a // c\n = "x"', { a: 'x' }],
  ];
  for (const [text, expected] of values) {
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(optionsOf(text), expected));
  }

  const broken: readonly (readonly [string, RegExp])[] = [
    ['Server {', /line 1: wanted the class of a login module/],
    ['Server }', /line 1: wanted "\{"/],
    ['Server {\n a.B required user_bob="secret" }\n;', /line 2: wanted the name of an option/],
    ['Server { a.B required user_bob secret; };', /line 1: wanted "="/],
    ['Server { a.B required user_bob=; };', /line 1: wanted the value of an option/],
    ["Server { a.B required user_bob='secret'; };", /line 1: wanted the value of an option/],
    ['Server { a.B required\nuser_bob="secret; };', /line 2: wanted the value of an option/],
    ['Server { a.B maybe user_bob="secret"; };', /line 1: wanted one of required, requisite/],
    ['Server { a.B required a="${secret}"; };', /line 1: wanted a system property that is set/],
    ['Server { a.B required; } Client', /line 1: wanted ";"/],
    ['A { };\nA { };', /line 2: wanted another name/],
    ['=', /line 1: wanted the name of a section/],
  ];
  for (const [text, says] of broken) {
    it(`refuses ${JSON.stringify(text)} and shows nothing of it`, () => {
      assert.throws(
        () => parse(text),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, says);
          assert.doesNotMatch(error.message, /secret/);
          assert.equal(error.exitCode, 1);
          return true;
        },
      );
    });
  }
});
