import type { Readable } from 'node:stream';
import { tokenUser, type Credentials } from './dockerEngine.ts';

/** Credentials as the engine takes them. */
export function authOf(credentials: Credentials | undefined): { authconfig?: object } {
  if (credentials === undefined) return {};
  const { username, password, serverAddress: serveraddress } = credentials;
  return { authconfig: username === tokenUser ? { identitytoken: password, serveraddress } : { username, password, serveraddress } };
}

/** JSON lines of an engine's stream; ends quietly when aborted. */
export async function* jsonLines(stream: Readable, signal: AbortSignal): AsyncGenerator<unknown> {
  let rest = '';
  const close = (): void => void stream.destroy();
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as unknown;
    }
    if (rest.trim() !== '') yield JSON.parse(rest) as unknown;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', close);
    stream.destroy();
  }
}
