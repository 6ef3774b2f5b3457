/**
 * What the files `zookeeper-env.sh` and `java.env` beside a zoo.cfg set, as far as that can be told
 * without running them: assignments of plain and quoted text, and variables in them. Whatever needs
 * a shell is told of, not guessed.
 *
 *   line  = [ "export " ] name "=" *( plain | "'" text "'" | '"' text '"' )
 *   text  = characters, $name, ${name}, ${name:-text}
 */

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/;
/** Quoted texts, and what stands between them. */
const PARTS = /'([^']*)'|"((?:[^"\\]|\\.)*)"|([^'"\s;#]+)/gy;
const NEEDS_SHELL = /`|\$\(|\$\{[^}]*[^\w}:-]/;
const VARIABLE = /\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})/g;

export interface ShellAssignments {
  readonly variables: ReadonlyMap<string, string>;
  /** Lines that set one of the names and cannot be told, as they stand there. */
  readonly unreadable: readonly string[];
}

/** `wanted`: the names that matter; `known`: variables there are already. */
export function readAssignments(
  text: string,
  wanted: ReadonlySet<string>,
  known: ReadonlyMap<string, string>,
): ShellAssignments {
  const variables = new Map(known);
  const unreadable: string[] = [];
  for (const line of text.replaceAll('\\\n', ' ').split(/\r?\n/)) {
    const [, name = '', value = ''] = ASSIGNMENT.exec(line) ?? [];
    if (name === '') {
      // An assignment inside of something else, such as a condition.
      const inside = [...wanted].some((word) => new RegExp(`\\b${word}=`).test(line));
      if (inside && !/^\s*#/.test(line)) unreadable.push(line.trim());
      continue;
    }
    const read = NEEDS_SHELL.test(value) ? null : valueOf(value, variables);
    if (read !== null) variables.set(name, read);
    else if (wanted.has(name)) unreadable.push(line.trim());
  }
  return { variables, unreadable };
}

function valueOf(text: string, variables: ReadonlyMap<string, string>): string | null {
  let value = '';
  let at = 0;
  PARTS.lastIndex = 0;
  for (let part = PARTS.exec(text); part !== null; part = PARTS.exec(text)) {
    const [whole, single, double, plain] = part;
    value += single ?? expanded((double ?? plain ?? '').replaceAll(/\\(.)/g, '$1'), variables);
    at += whole.length;
  }
  // Behind the value there may be a comment; anything else is a command.
  return /^\s*(?:[;#].*)?$/.test(text.slice(at)) ? value : null;
}

function expanded(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(VARIABLE, (_, plain, braced, fallback) => {
    const value = variables.get((plain ?? braced) as string) ?? '';
    return value === '' ? ((fallback as string | undefined) ?? '') : value;
  });
}
