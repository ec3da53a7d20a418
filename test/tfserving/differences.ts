import { parseJson, type Json } from '../../src/shared/tensor/json.ts';
import { comparable, type Recording } from './recordings.ts';

/** What a server answers. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

/** An exchange that Slipway answers otherwise than it was recorded; docs/tensorflow-serving-differences.md has them all. */
interface Difference {
  readonly reason: string;
  readonly applies: (recording: Recording) => boolean;
  readonly isOurs: (ours: Answer, recording: Recording) => boolean;
}

const errorOf = (body: string): string => {
  const json = comparable(body);
  return typeof json === 'object' && json !== null && 'error' in json ? String(json.error) : '';
};

/** Equal but for the last digits of numbers. */
function isNear(one: Json, other: Json): boolean {
  if (one.kind === 'number' && other.kind === 'number') {
    const [a, b] = [Number(one.text), Number(other.text)];
    return Object.is(a, b) || Math.abs(a - b) <= 1e-6 * Math.abs(b);
  }
  if (one.kind === 'list' && other.kind === 'list')
    return (
      one.items.length === other.items.length && one.items.every((item, index) => isNear(item, other.items[index] ?? { kind: 'null' }))
    );
  if (one.kind === 'object' && other.kind === 'object')
    return (
      one.entries.length === other.entries.length &&
      one.entries.every(([name, value]) => isNear(value, other.entries.find(([key]) => key === name)?.[1] ?? { kind: 'null' }))
    );
  return JSON.stringify(one) === JSON.stringify(other);
}

const nearTheRecorded = ({ status, body }: Answer, recording: Recording): boolean =>
  status === recording.status && isNear(parseJson(body), parseJson(recording.response_body ?? ''));

const differences: readonly Difference[] = [
  {
    reason: 'status of a label: the genuine server leaves the label out of account',
    applies: ({ method, path }) => method === 'GET' && /\/labels\/[^/]+$/.test(path),
    isOurs: ({ status, body }, { path }) =>
      /\/(versions|m)\/labels\/stable$/.test(path)
        ? status === 200 && body.split('"version":').length === 2 && body.includes(path.includes('/m/') ? '"2"' : '"1"')
        : status === 400 && errorOf(body) === `Unrecognized servable version label: ${path.split('/').at(-1) ?? ''}`,
  },
  {
    reason: 'a model with an op that cannot run is told when it is loaded, not when it is called',
    applies: ({ path, status }) => path.startsWith('/v1/models/bad') && (status === 200 || path.endsWith(':predict')),
    isOurs: ({ status, body }, { path }) =>
      path.endsWith(':predict')
        ? status === 404 && errorOf(body) === 'Servable not found for request: Latest(bad)'
        : status === 200 && /"state": "END"/.test(body) && body.includes('MyCustomMul'),
  },
  {
    reason: 'doubles are read to the nearest; the genuine parser is an ulp off at times',
    applies: ({ request_body }) => request_body?.includes('123456789.123456789') === true,
    isOurs: ({ status, body }) => status === 200 && body.includes('123456789.12345679'),
  },
  {
    reason: 'the last digits of computed floats are of another order of additions and of another exp',
    applies: ({ path, status }) => status === 200 && /\/(dense|precision|other):predict$/.test(path),
    isOurs: nearTheRecorded,
  },
  {
    reason: 'which of two outputs of unequal size is told first is the order of a hash map',
    applies: ({ path, response_body }) => path.endsWith('nonbatch:predict') && response_body?.includes('inconsistent batch size') === true,
    isOurs: ({ status, body }) =>
      status === 400 && /^Tensor name: (y|const) has inconsistent batch size: \d expecting: \d$/.test(errorOf(body)),
  },
  {
    reason: 'an empty batch hangs the genuine server when it batches',
    applies: ({ status, note }) => status === null && note?.includes('client gave up') === true,
    isOurs: ({ status, body }) => status === 200 && body.replaceAll(/\s/g, '') === '{"outputs":[]}',
  },
];

/** Why a recorded exchange is answered otherwise, and how; undefined where it must be equal. */
export function differenceOf(recording: Recording): Difference | undefined {
  return differences.find(({ applies }) => applies(recording));
}
