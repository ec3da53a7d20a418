import { StatusError } from '../../tfserving/status.ts';

const posix: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
/** Escapes that mean less in RE2 than in JavaScript: ASCII only. */
const space = '\\t\\n\\f\\r ';

/** One escape, inside or outside of brackets. Answers the text and how many characters it took. */
function escape(pattern: string, at: number, inClass: boolean): readonly [string, number] {
  const char = pattern[at + 1] ?? '';
  if (char === 's') return [inClass ? space : `[${space}]`, 2];
  if (char === 'S' && !inClass) return [`[^${space}]`, 2];
  if (char === 'A' && !inClass) return ['^', 2];
  if (char === 'z' && !inClass) return ['$', 2];
  if (char === 'a') return ['\\x07', 2];
  if (char === 'C' && !inClass) return ['[^]', 2];
  if (char === 'p' || char === 'P') {
    const brace = /^\{(\^?)([A-Za-z_]+)\}/.exec(pattern.slice(at + 2));
    const name = brace?.[2] ?? pattern[at + 2] ?? '';
    const negated = (char === 'P') !== (brace?.[1] === '^');
    const property = name.length <= 2 ? `General_Category=${name}` : `Script=${name}`;
    return [`\\${negated ? 'P' : 'p'}{${property}}`, 2 + (brace === null ? 1 : brace[0].length)];
  }
  if (char === 'x') {
    const brace = /^\{([0-9A-Fa-f]+)\}/.exec(pattern.slice(at + 2));
    if (brace !== null) return [`\\u{${brace[1]}}`, 2 + brace[0].length];
    return [pattern.slice(at, at + 4), 4];
  }
  if (/[0-9]/.test(char)) {
    const octal = /^[0-7]{1,3}/.exec(pattern.slice(at + 1))?.[0];
    if (octal !== undefined && char === '0') return [`\\x${Number.parseInt(octal, 8).toString(16).padStart(2, '0')}`, 1 + octal.length];
    throw new StatusError('INVALID_ARGUMENT', `Invalid pattern: ${pattern}, error: invalid escape sequence: \\${char}`);
  }
  if (/[A-Za-z]/.test(char)) return [`\\${char}`, 2];
  // The unicode mode of JavaScript knows escapes of its own syntax only.
  const syntax = inClass ? /[\\\]^[-]/ : /[\\^$.*+?()[\]{}|/]/;
  return [syntax.test(char) ? `\\${char}` : char, 2];
}

function bracket(pattern: string, start: number): readonly [string, number] {
  let at = start + 1;
  let text = '[';
  if (pattern[at] === '^') {
    text += '^';
    at += 1;
  }
  for (let first = true; ; first = false) {
    const char = pattern[at];
    if (char === undefined)
      throw new StatusError('INVALID_ARGUMENT', `Invalid pattern: ${pattern}, error: missing ]: ${pattern.slice(start)}`);
    if (char === ']' && !first) return [`${text}]`, at + 1 - start];
    const named = /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(at));
    const known = named === null ? undefined : posix[named[2] ?? ''];
    if (named !== null && known !== undefined && named[1] === '') {
      text += known;
      at += named[0].length;
    } else if (char === '\\') {
      const [escaped, taken] = escape(pattern, at, true);
      text += escaped;
      at += taken;
    } else {
      text += char === '[' || (char === ']' && first) ? `\\${char}` : char;
      at += 1;
    }
  }
}

const unclosed = (pattern: string): boolean => {
  const plain = pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/gs, '');
  return plain.split('(').length > plain.split(')').length;
};

/**
 * An RE2 pattern as a JavaScript expression of the same meaning, over text (not bytes). What RE2 has and this has not is refused.
 * Source: RE2's published syntax page.
 */
export function regexFromRe2(
  pattern: string,
  { whole = false, global = false }: { readonly whole?: boolean; readonly global?: boolean } = {},
): RegExp {
  let flags = global ? 'gu' : 'u';
  let source = '';
  let dotAll = false;
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at);
    const inline = /^\(\?([imsU]+)\)/.exec(rest);
    const quoted = /^\\Q(.*?)(\\E|$)/s.exec(rest);
    if (inline !== null) {
      const letters = inline[1] ?? '';
      if (letters.includes('U')) throw new StatusError('UNIMPLEMENTED', `The regular expression ${pattern} swaps greediness`);
      if (letters.includes('i')) flags += 'i';
      if (letters.includes('m')) flags += 'm';
      if (letters.includes('s')) dotAll = true;
      at += inline[0].length;
    } else if (quoted !== null) {
      source += (quoted[1] ?? '').replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
      at += quoted[0].length;
    } else if (rest.startsWith('(?P<')) {
      source += '(?<';
      at += 4;
    } else if (rest[0] === '[') {
      const [text, taken] = bracket(pattern, at);
      source += text;
      at += taken;
    } else if (rest[0] === '\\') {
      const [text, taken] = escape(pattern, at, false);
      source += text;
      at += taken;
    } else {
      const char = rest[0] ?? '';
      const isQuantifier = char === '{' && /^\{\d+(,\d*)?\}/.test(rest);
      if (char === '{' && isQuantifier) {
        const text = /^\{[^}]*\}/.exec(rest)?.[0] ?? '';
        source += text;
        at += text.length;
        continue;
      }
      source += char === '.' ? (dotAll ? '[^]' : '[^\\n]') : char === '{' || char === '}' || char === ']' ? `\\${char}` : char;
      at += 1;
    }
  }
  try {
    return new RegExp(whole ? `^(?:${source})$` : source, [...new Set(flags)].join(''));
  } catch (error) {
    throw new StatusError(
      'INVALID_ARGUMENT',
      `Invalid pattern: ${pattern}, error: ${unclosed(pattern) ? `missing ): ${pattern}` : (error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** The highest group that a rewrite string names. */
export const highestGroup = (rewrite: string): number =>
  Math.max(0, ...[...rewrite.matchAll(/\\([0-9\\])/g)].map(([, digit]) => (digit === '\\' ? 0 : Number(digit))));

/** RE2's rewrite string (`\1`, `\0`, `\\`) applied to one match. */
export function rewritten(rewrite: string, groups: readonly (string | undefined)[]): string {
  return rewrite.replaceAll(/\\([0-9\\])/g, (_, digit: string) => (digit === '\\' ? '\\' : (groups[Number(digit)] ?? '')));
}
