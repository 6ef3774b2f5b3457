/**
 * Makes the SBOM of a release, CycloneDX 1.5, on standard output: that of the npm packages from
 * what `npm sbom` says of the workspace, or that of an image, which has Node and Debian's packages
 * as well:
 *
 *   sbom.mjs NPM-SBOM [ARCHITECTURE DPKG-STATUS NODE-SHA256]
 *
 * The time is SOURCE_DATE_EPOCH and the serial number a sum of the contents, so the same input
 * gives the same bytes.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import process from 'node:process';

const DISTRIBUTION = 'debian-12';

const [npmFile, architecture, statusFile, nodeFile] = process.argv.slice(2);
if (npmFile === undefined || (architecture !== undefined && nodeFile === undefined)) {
  console.error('Cannot make an SBOM: wanted NPM-SBOM [ARCHITECTURE DPKG-STATUS NODE-SHA256]');
  process.exit(2);
}

const said = JSON.parse(readFileSync(npmFile, 'utf8'));
// npm calls the packages of a workspace by their folders.
const npmPackages = said.components.map((component) => {
  return { ...component, name: component['bom-ref'].replace(/@[^@]*$/, '') };
});
const program = npmPackages.find(({ name }) => name === 'zabra');
const workspace = said.metadata.component['bom-ref'];
const libraries = npmPackages.filter((component) => component !== program);
const edges = said.dependencies.filter(({ ref }) => ref !== workspace);

const sbom =
  architecture === undefined
    ? document({ ...program, type: 'application' }, libraries, edges)
    : imageDocument();
process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`);

function imageDocument() {
  const { version } = program;
  const image = {
    'bom-ref': `image-${architecture}`,
    type: 'container',
    name: 'zabra',
    version,
    description: `The container image of Zabra for linux/${architecture}`,
    licenses: program.licenses,
  };
  const parts = [runtime(), ...debianPackages()];
  const refs = [program, ...parts].map((part) => part['bom-ref']);
  return document(
    image,
    [{ ...program, type: 'application' }, ...libraries, ...parts],
    [
      { ref: image['bom-ref'], dependsOn: refs },
      ...edges,
      ...parts.map((part) => ({ ref: part['bom-ref'], dependsOn: [] })),
    ],
  );
}

function document(component, components, dependencies) {
  const body = {
    metadata: {
      timestamp: new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000).toISOString(),
      lifecycles: [{ phase: 'build' }],
      component,
    },
    components,
    dependencies,
  };
  return {
    $schema: said.$schema,
    bomFormat: 'CycloneDX',
    specVersion: said.specVersion,
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}`,
    version: 1,
    ...body,
  };
}

/** A UUID of version 8: ours to fill. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...groups, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

/** Lines of node.sha256 are `SUM  VERSION ARCHITECTURE PACKAGE`; the sum is that of `bin/node`. */
function runtime() {
  const rows = readFileSync(nodeFile, 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/));
  const row = rows.find(([, , found]) => found === architecture);
  if (row === undefined) throw new Error(`"${nodeFile}" has no Node for "${architecture}"`);
  const [sum, version, , packageName] = row;
  const purl = `pkg:npm/${packageName}@${version}`;
  return {
    'bom-ref': purl,
    type: 'platform',
    name: 'node',
    version,
    purl,
    hashes: [{ alg: 'SHA-256', content: sum }],
    licenses: [{ license: { id: 'MIT' } }],
  };
}

/** What dpkg has installed. */
function debianPackages() {
  const packages = [];
  for (const paragraph of readFileSync(statusFile, 'utf8').split(/\n\n+/)) {
    const field = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
    const name = field('Package');
    if (name === undefined || field('Status') !== 'install ok installed') continue;
    packages.push(debianPackage(name, field('Version'), field('Architecture'), field('Source')));
  }
  if (packages.length === 0) throw new Error(`"${statusFile}" lists no installed packages`);
  return packages.toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
}

/** `source` is `NAME` or `NAME (VERSION)`, and absent where it is the package's own. */
function debianPackage(name, version, packageArchitecture, source) {
  const upstream = source?.replace(/ \((.*)\)$/, '@$1');
  const qualifiers = [`arch=${packageArchitecture}`, `distro=${DISTRIBUTION}`];
  if (upstream !== undefined) qualifiers.push(`upstream=${encodeURIComponent(upstream)}`);
  const place = `${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
  const purl = `pkg:deb/debian/${place}?${qualifiers.join('&')}`;
  return { 'bom-ref': purl, type: 'library', name, version, purl };
}
