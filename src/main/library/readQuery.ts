import type { Comparator, LibraryAnswer, QueryFilter } from '../../shared/contract/library.ts';

type Understood = Pick<LibraryAnswer, 'understood' | 'notUnderstood'>;

const scales: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** `0.9`, `1e6`, `10MB`, `98%`; undefined where it is none. */
function readNumber(text: string): number | undefined {
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%|[a-z]*)$/i.exec(text);
  if (found === null) return undefined;
  const [, digits = '', unit = ''] = found;
  const scale = unit === '%' ? 0.01 : scales[unit.toLowerCase()];
  return scale === undefined ? undefined : Number(digits) * scale;
}

function readShape(text: string): readonly (number | null)[] | undefined {
  const dims = text.replace(/^\[|\]$/g, '').trim();
  if (dims === '') return [];
  const read = dims
    .split(/[,x×]/i)
    .map((dim) => (/^\s*(\?|-1|none|\*)\s*$/i.test(dim) ? null : /^\s*\d{1,15}\s*$/.test(dim) ? Number(dim) : undefined));
  return read.includes(undefined) ? undefined : (read as readonly (number | null)[]);
}

function readDate(text: string): string | undefined {
  if (!/^\d{4}(-\d{2}(-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?)?)?$/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

const unquoted = (text: string): string => text.replaceAll('"', '');

/** One filter out of its text; null where it looks like one and is none. */
function readFilter(text: string): QueryFilter | null {
  const named = /^(tag|shape|after|before|tf|op|model|version):(.*)$/is.exec(text);
  if (named !== null) {
    const kind = named[1]?.toLowerCase() ?? '';
    const value = unquoted(named[2] ?? '');
    if (value === '') return null;
    if (kind === 'tag') {
      const [, key = '', rest] = /^([^=]+)(?:=(.*))?$/s.exec(value) ?? [];
      return key === '' ? null : { text, kind, key, value: rest ?? null };
    }
    if (kind === 'shape') {
      const shape = readShape(value);
      return shape === undefined ? null : { text, kind, shape };
    }
    if (kind === 'after' || kind === 'before') {
      const at = readDate(value);
      return at === undefined ? null : { text, kind: 'date', is: kind, at };
    }
    return { text, kind: 'is', of: kind as 'tf', value };
  }
  const compared = /^(metric:)?([^\s=<>!"]+|"[^"]+")(>=|<=|!=|=|>|<)(.*)$/is.exec(text);
  if (compared === null) return { text, kind: 'word', word: unquoted(text) };
  const [, isMetric, quoted = '', is = '', right = ''] = compared;
  const value = readNumber(unquoted(right));
  if (value === undefined) return null;
  const name = unquoted(quoted);
  const of = isMetric === undefined && (name === 'params' || name === 'size') ? name : 'metric';
  return { text, kind: 'number', of, name, is: is as Comparator, value };
}

/** A typed search in its parts: `libraryQuery` says the language. Any text is one; what is no filter is told. */
export function readQuery(query: string): Understood {
  const parts = query.match(/(?:[^\s"[]|"[^"]*"?|\[[^\]]*\]?)+/g) ?? [];
  const understood: QueryFilter[] = [];
  const notUnderstood: string[] = [];
  for (const part of parts) {
    const filter = readFilter(part);
    if (filter === null) notUnderstood.push(part);
    else if (filter.kind !== 'word' || filter.word !== '') understood.push(filter);
  }
  return { understood, notUnderstood };
}
