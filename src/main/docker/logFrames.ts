import type { RawLogLine } from './dockerEngine.ts';

/** A line longer than this is cut: a log is for reading. */
const maxLineBytes = 256 * 1024;

/**
 * Lines out of the engine's multiplexed log stream: frames of stream (1 byte), three zeros, length (4 bytes), payload
 * (Docker Engine API, "Attach to a container"); each line begins with an RFC 3339 time and a blank.
 */
export async function* readLogLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<RawLogLine> {
  let buffer: Buffer = Buffer.alloc(0);
  const partial: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  const lineOf = (stream: 'stdout' | 'stderr', line: string): RawLogLine => {
    const blank = line.indexOf(' ');
    return { stream, time: blank < 0 ? line : line.slice(0, blank), text: blank < 0 ? '' : line.slice(blank + 1).trimEnd() };
  };
  for await (const chunk of chunks) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    while (buffer.length >= 8) {
      const length = buffer.readUInt32BE(4);
      if (buffer.length < 8 + length) break;
      const stream = buffer[0] === 2 ? 'stderr' : 'stdout';
      const lines = (partial[stream] + buffer.toString('utf8', 8, 8 + length)).split('\n');
      partial[stream] = (lines.pop() ?? '').slice(0, maxLineBytes);
      buffer = buffer.subarray(8 + length);
      for (const line of lines) yield lineOf(stream, line);
    }
  }
  for (const stream of ['stdout', 'stderr'] as const) if (partial[stream] !== '') yield lineOf(stream, partial[stream]);
}
