/** What a REST path asks for. Paths are those of TensorFlow Serving, compared without regard to case; the method's name is not. */
export type RestRoute =
  | { readonly kind: 'infer'; readonly method: 'predict' | 'classify' | 'regress'; readonly model: RoutedModel }
  | { readonly kind: 'status'; readonly model: RoutedModel }
  | { readonly kind: 'metadata'; readonly model: RoutedModel }
  | { readonly kind: 'noModel' }
  /** A version that is no int64: answered by 400 and no words. */
  | { readonly kind: 'badVersion' }
  | { readonly kind: 'malformed' }
  /** Nothing that begins with /v1/. */
  | { readonly kind: 'elsewhere' };

interface RoutedModel {
  readonly name: string;
  readonly version?: bigint;
  readonly label?: string;
}

const model = String.raw`/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?`;
const inferPattern = new RegExp(`^${model}:(classify|regress|predict)$`, 'i');
const statusPattern = new RegExp(`^${model}(/metadata)?$`, 'i');
const maxInt64 = 9_223_372_036_854_775_807n;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not an encoding: the name as it stands.
    return text;
  }
}

function modelOf(match: RegExpExecArray): RoutedModel | undefined {
  const [, name = '', version, label] = match;
  const decoded = decode(name);
  if (label !== undefined) return { name: decoded, label: decode(label) };
  if (version === undefined) return { name: decoded };
  const number = BigInt(version);
  return number > maxInt64 ? undefined : { name: decoded, version: number };
}

/** `target` is the request's, with its query if there is one: TensorFlow Serving knows none and takes it for a part of the path. */
export function restRouteOf(method: string, target: string): RestRoute {
  const path = target.replace(/^https?:\/\/[^/]*/i, '');
  if (!/^\/v1\//i.test(path)) return { kind: 'elsewhere' };
  if (method === 'POST') {
    const match = inferPattern.exec(path);
    const verb = match?.[4];
    if (match === null || (verb !== 'predict' && verb !== 'classify' && verb !== 'regress')) return { kind: 'malformed' };
    const wanted = modelOf(match);
    return wanted === undefined ? { kind: 'badVersion' } : { kind: 'infer', method: verb, model: wanted };
  }
  if (method !== 'GET') return { kind: 'malformed' };
  if (/^\/v1\/models$/i.test(path)) return { kind: 'noModel' };
  const match = statusPattern.exec(path);
  if (match === null) return { kind: 'malformed' };
  const wanted = modelOf(match);
  return wanted === undefined ? { kind: 'badVersion' } : { kind: match[4] === undefined ? 'status' : 'metadata', model: wanted };
}
