/**
 * Checks SBOMs against the schema of CycloneDX 1.5 as the library of its makers has it, and that
 * every reference leads to a component: check-sbom.mjs FILE... One line a file; fails when one is
 * not valid.
 */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Cannot check SBOMs: wanted files');
  process.exit(2);
}
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const errors = (await validator.validate(text)) ?? looseEnds(JSON.parse(text));
  if (errors.length === 0) {
    console.log(`${file}: valid, ${JSON.parse(text).components.length} components`);
    continue;
  }
  console.log(`${file}: not valid: ${JSON.stringify(errors)}`);
  process.exitCode = 1;
}

/** References without a component, and components that are there twice. */
function looseEnds({ metadata, components, dependencies }) {
  const refs = [metadata.component, ...components].map((component) => component['bom-ref']);
  const known = new Set(refs);
  const used = dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
  return [
    ...refs.filter((ref, index) => refs.indexOf(ref) !== index),
    ...used.filter((ref) => !known.has(ref)),
  ];
}
