import { z } from 'zod';
import { AppError } from '../../shared/contract/errors.ts';
import type { MetadataImport } from '../../shared/contract/library.ts';

/**
 * What was said of models and versions as one file of JSON lines, to share with a team; docs/library.md describes it. The first line
 * names the format and its version; each other one a model or a version, by name and number.
 */

const formatVersion = 1;
const maxLineLength = 4_000_000;
const maxToldBad = 100;

const at = z.iso.datetime({ offset: true });
const tag = z.object({ key: z.string().min(1).max(128), value: z.string().max(1_000), at });
const note = z.object({ text: z.string().max(100_000), at });
const name = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/);

const modelLine = z.object({ kind: z.literal('model'), model: name, tags: z.array(tag).max(1_000), note: note.nullable() });
const versionLine = z.object({
  kind: z.literal('version'),
  model: name,
  version: z.string().regex(/^\d{1,19}$/),
  fingerprint: z.string().max(128).nullable(),
  tags: z.array(tag).max(1_000),
  /** `typed`: a person said it. Else it was read beside the model. */
  metrics: z.array(z.object({ name: z.string().min(1).max(256), value: z.number(), typed: z.boolean(), at })).max(2_000),
  note: note.nullable(),
});
const metadataLine = z.discriminatedUnion('kind', [modelLine, versionLine]);
export type MetadataLine = Readonly<z.infer<typeof metadataLine>>;
const header = z.object({ kind: z.literal('slipway-metadata'), version: z.number().int().min(1) });

/** The file's text. */
export function writeMetadata(lines: readonly MetadataLine[], now: Date): string {
  const head = { kind: 'slipway-metadata', version: formatVersion, at: now.toISOString() };
  return [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

type ReadLine = MetadataLine | 'header' | { readonly reason: string };

function readLine(text: string): ReadLine {
  if (text.length > maxLineLength) return { reason: `longer than ${maxLineLength} characters` };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { reason: `no JSON: ${error instanceof Error ? error.message : ''}` };
  }
  const head = header.safeParse(json);
  if (head.success) {
    if (head.data.version > formatVersion)
      throw new AppError('BAD_INPUT', {
        detail: `This file was written by a newer Slipway (format ${head.data.version}). Update Slipway to read it.`,
      });
    return 'header';
  }
  const line = metadataLine.safeParse(json);
  if (line.success) return line.data;
  const issue = line.error.issues[0];
  return { reason: issue === undefined ? 'not of this format' : `${issue.path.join('.') || 'line'}: ${issue.message}` };
}

/**
 * Reads a file, or several one after the other. A line that is none is told and passed over. BAD_INPUT where a newer Slipway wrote
 * it, before anything is used of it.
 */
export function readMetadata(text: string): { readonly lines: readonly MetadataLine[] } & Pick<MetadataImport, 'bad' | 'badLines'> {
  const lines: MetadataLine[] = [];
  const bad: { readonly line: number; readonly reason: string }[] = [];
  let badLines = 0;
  for (const [index, one] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (one.trim() === '') continue;
    const line = readLine(one);
    if (line === 'header') continue;
    if (!('reason' in line)) lines.push(line);
    else {
      badLines += 1;
      if (bad.length < maxToldBad) bad.push({ line: index + 1, reason: line.reason });
    }
  }
  return { lines, bad, badLines };
}
