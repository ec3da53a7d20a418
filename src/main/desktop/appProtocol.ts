import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { contentSecurityPolicy } from '../csp.ts';
import { safeJoin } from '../library/safeJoin.ts';

/** The window's own scheme: standard and secure, so that it has an origin. */
export const appScheme = 'slipway';
export const appOrigin = `${appScheme}://app`;
const page = '/index.desktop.html';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const refuse = (status: number): Response => new Response(null, { status });

/** Answers requests of the app's scheme out of the bundle's folder: GET only, known types only, nothing outside of it. */
export async function answerAppRequest(request: Pick<Request, 'method' | 'url'>, bundle: string): Promise<Response> {
  const url = new URL(request.url);
  if (request.method !== 'GET') return refuse(405);
  if (url.host !== 'app') return refuse(404);
  const name = url.pathname === '/' ? page : url.pathname;
  const type = types[extname(name)];
  if (type === undefined) return refuse(404);
  let bytes: Buffer;
  try {
    bytes = await readFile(await safeJoin(bundle, decodeURIComponent(name.slice(1))));
  } catch {
    // Not in the bundle, or a path that leads out of it: the same answer.
    return refuse(404);
  }
  const styleNonce = randomBytes(16).toString('base64url');
  const body = name.endsWith('.html') ? bytes.toString('utf8').replaceAll('__CSP_NONCE__', styleNonce) : new Uint8Array(bytes);
  return new Response(body, {
    headers: {
      'content-type': type,
      'content-security-policy': contentSecurityPolicy({ styleNonce }),
      'x-content-type-options': 'nosniff',
    },
  });
}
