/**
 * Who may speak to the web shell, decided from a request's head alone. A page of another site, a name that was rebound to
 * 127.0.0.1 and another program's page on another port of this machine all reach our port; none of them may get past here.
 */

/** The head of a request or of an upgrade. `headers` are raw: name, value, name, value, as they came. */
export interface RequestHead {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  readonly rawHeaders: readonly string[];
}

export interface GuardRules {
  readonly port: number;
  /** Names that the person admitted, with or without a port: `gpu-box.lan`, `localhost:9000`. */
  readonly allowHosts: readonly string[];
}

export type GuardVerdict =
  | { readonly kind: 'admitted'; readonly host: string }
  | { readonly kind: 'refused'; readonly status: 400 | 403; readonly reason: 'target' | 'host' | 'origin' | 'sec-fetch-site' };

function valuesOf(head: RequestHead, name: string): readonly string[] {
  return head.rawHeaders.filter((_, at) => at % 2 === 1 && head.rawHeaders[at - 1]?.toLowerCase() === name);
}

/** The value of a header that was sent at most once; null where it was sent twice. */
export function singleHeader(head: RequestHead, name: string): string | undefined | null {
  const values = valuesOf(head, name);
  return values.length > 1 ? null : values[0];
}

/** The Host values that are ours. An admitted name without a port stands for our port and for the default ports of a tunnel. */
export function hostList({ port, allowHosts }: GuardRules): ReadonlySet<string> {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const admitted = allowHosts
    .map((host) => host.toLowerCase())
    .flatMap((host) => (/:\d+$/.test(host) ? [host] : [host, `${host}:${port}`]));
  return new Set([...own, ...admitted]);
}

/** A link to the page itself, followed from elsewhere: it loads a document that holds no secret and cannot be framed. */
function isNavigation(head: RequestHead): boolean {
  return (
    head.method === 'GET' &&
    head.target === '/' &&
    singleHeader(head, 'sec-fetch-mode') === 'navigate' &&
    singleHeader(head, 'sec-fetch-dest') === 'document'
  );
}

/** Host list with port, then Origin, then Sec-Fetch-Site. The token comes after it, and only where this admits. */
export function guard(head: RequestHead, rules: GuardRules): GuardVerdict {
  // An absolute target would name a host of its own beside the header.
  if (!head.target.startsWith('/') || head.target.startsWith('//')) return { kind: 'refused', status: 400, reason: 'target' };
  const host = singleHeader(head, 'host')?.toLowerCase();
  if (host === undefined || !hostList(rules).has(host)) return { kind: 'refused', status: 403, reason: 'host' };
  const origin = singleHeader(head, 'origin');
  if (origin !== undefined && origin !== `http://${host}` && !(origin === `https://${host}` && !isLoopback(host))) {
    return { kind: 'refused', status: 403, reason: 'origin' };
  }
  const site = singleHeader(head, 'sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation(head)) {
    return { kind: 'refused', status: 403, reason: 'sec-fetch-site' };
  }
  return { kind: 'admitted', host };
}

/** A tunnel may end TLS in front of us; this machine's own addresses are plain http. */
function isLoopback(host: string): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
}

/** The token of an `Authorization: Bearer` header; undefined where there is none or where it is sent twice. */
export function bearerToken(head: RequestHead): string | undefined {
  const value = singleHeader(head, 'authorization');
  return typeof value === 'string' && value.startsWith('Bearer ') ? value.slice('Bearer '.length) : undefined;
}
