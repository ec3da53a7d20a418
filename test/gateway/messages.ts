import fc from 'fast-check';

/** A request and its answer, as choices; the bytes are made from them. */
export interface Exchange {
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly requestBody: Body;
  readonly status: number;
  readonly interim: readonly number[];
  readonly answerBody: Body;
  readonly newline: '\r\n' | '\n';
}
type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: Buffer; readonly name: string }
  | { readonly kind: 'chunked'; readonly chunks: readonly Buffer[]; readonly name: string; readonly trailer: boolean };

const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array));
const body: fc.Arbitrary<Body> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({
    kind: fc.constant('length' as const),
    bytes,
    name: fc.constantFrom('Content-Length', 'content-length', 'CONTENT-LENGTH', 'cOnTeNt-LeNgTh'),
  }),
  fc.record({
    kind: fc.constant('chunked' as const),
    chunks: fc.array(
      bytes.filter(({ length }) => length > 0),
      { maxLength: 4 },
    ),
    name: fc.constantFrom('Transfer-Encoding', 'transfer-encoding', 'TRANSFER-ENCODING'),
    trailer: fc.boolean(),
  }),
);

export const exchange: fc.Arbitrary<Exchange> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'M-SEARCH'),
  headers: fc.array(
    fc.tuple(
      fc.constantFrom('X-Odd', 'x-ODD', 'Host', 'Content-Type', 'Cookie', 'TE', 'Trailer', 'Expect', 'Content-Lengthy', 'ConnecTION'),
      fc.constantFrom('', 'a', '100-continue', 'keep-alive', 'chunked', '7', '  padded\t', 'ÿ\x80'),
    ),
    { maxLength: 6 },
  ),
  requestBody: body,
  status: fc.constantFrom(200, 201, 204, 304, 400, 404, 500, 503),
  interim: fc.array(fc.constantFrom(100, 102, 103), { maxLength: 2 }),
  answerBody: body,
  newline: fc.constantFrom('\r\n' as const, '\r\n' as const, '\r\n' as const, '\n' as const),
});

function framing(of: Body, newline: string): { readonly header: string; readonly payload: Buffer } {
  if (of.kind === 'none') return { header: '', payload: Buffer.alloc(0) };
  if (of.kind === 'length') return { header: `${of.name}: ${of.bytes.length}${newline}`, payload: of.bytes };
  const parts = of.chunks.flatMap((chunk, index) => [
    Buffer.from(`${chunk.length.toString(16)}${index % 2 === 0 ? ';ext="x"' : ''}${newline}`),
    chunk,
    Buffer.from(newline),
  ]);
  return {
    header: `${of.name}:chunked${newline}`,
    payload: Buffer.concat([...parts, Buffer.from(`0${newline}${of.trailer ? `X-Sum: 1${newline}` : ''}${newline}`)]),
  };
}

const head = (first: string, { headers, newline }: Exchange, framed: string): Buffer =>
  Buffer.from(`${first}${newline}${headers.map(([name, value]) => `${name}:${value}${newline}`).join('')}${framed}${newline}`, 'latin1');

export function requestOf(one: Exchange): Buffer {
  const { header, payload } = framing(one.requestBody, one.newline);
  return Buffer.concat([head(`${one.method} /v1/models/m%20x?a=b c HTTP/1.1`.replace(' c', ''), one, header), payload]);
}

/** Interim answers and the final one. */
export function answerOf(one: Exchange): Buffer[] {
  // What has no length ends with the connection; here each answer has one.
  const answerBody: Body =
    one.answerBody.kind === 'none' ? { kind: 'length', bytes: Buffer.alloc(0), name: 'Content-Length' } : one.answerBody;
  const { header, payload } = framing(answerBody, one.newline);
  const isBare = one.method === 'HEAD' || one.status === 204 || one.status === 304;
  return [
    ...one.interim.map((status) => head(`HTTP/1.1 ${status} Wait`, one, '')),
    Buffer.concat([head(`HTTP/1.1 ${one.status} ${one.status === 200 ? 'OK' : ''}`, one, header), isBare ? Buffer.alloc(0) : payload]),
  ];
}
