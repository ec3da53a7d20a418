import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../shared/contract/errors.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

const page = 'index.web.html';

interface BundleFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly type: string;
  readonly caching: string;
}

/** The built renderer. Only names that were in the folder at the start exist: no request's path ever becomes a path of the disk. */
export interface StaticFiles {
  /** The page, with a nonce of its own put in place of `__CSP_NONCE__`. */
  page(): { readonly html: string; readonly styleNonce: string };
  has(pathname: string): boolean;
  /** Sends one file; the caller has set the common headers. Rejects where the reader went away. */
  send(pathname: string, method: 'GET' | 'HEAD', response: ServerResponse): Promise<void>;
}

/** Lists the bundle under `root`. Fails with NOT_YET where it was not built. */
export async function readStaticFiles(root: string): Promise<StaticFiles> {
  let template: string;
  try {
    template = await readFile(join(root, page), 'utf8');
  } catch (error) {
    throw new AppError('NOT_YET', { what: 'The page', detail: 'Build it first: npm run build.' }, { cause: error });
  }
  const files = new Map<string, BundleFile>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined || entry.name.endsWith('.html')) continue;
    const path = join(entry.parentPath, entry.name);
    const name = `/${relative(root, path).split(sep).join('/')}`;
    // The build puts a hash of the content into the name of everything under assets/.
    const caching = name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    files.set(name, { path, sizeBytes: (await stat(path)).size, type, caching });
  }
  return {
    page() {
      const styleNonce = randomBytes(16).toString('base64url');
      return { html: template.replaceAll('__CSP_NONCE__', styleNonce), styleNonce };
    },
    has: (pathname) => files.has(pathname),
    async send(pathname, method, response) {
      const file = files.get(pathname);
      if (file === undefined) throw new AppError('BAD_INPUT', { detail: 'There is no such file.' });
      response.setHeader('content-type', file.type);
      response.setHeader('content-length', file.sizeBytes);
      response.setHeader('cache-control', file.caching);
      if (method === 'HEAD') {
        response.end();
        return;
      }
      await pipeline(createReadStream(file.path), response);
    },
  };
}
