import { mkdtempSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MalformedProto, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { inspectInWorker } from '../../src/main/savedmodel/inspectInWorker.ts';
import { readSavedModelProto } from '../../src/main/savedmodel/savedModelProto.ts';
import { CorruptTable } from '../../src/main/savedmodel/tableFile.ts';
import { savedModelFromText } from '../../src/main/savedmodel/textProto.ts';
import { readVariablesIndex } from '../../src/main/savedmodel/variablesIndex.ts';
import { readConcreteFunctions } from '../../src/main/savedmodel/objectGraph.ts';

const root = join(import.meta.dirname, '..', '..');
const sample = (...path: string[]): Buffer => readFileSync(join(root, 'resources', 'sample', 'digits', '1', ...path));

/** Some bytes changed, cut, doubled or put in. */
const mutated = (original: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.record({ at: fc.nat(original.length - 1), kind: fc.constantFrom('set', 'cut', 'insert', 'flip'), byte: fc.nat(255) }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((changes) => {
      let bytes = Buffer.from(original);
      for (const { at, kind, byte } of changes) {
        const place = Math.min(at, Math.max(0, bytes.length - 1));
        if (kind === 'set') bytes[place] = byte;
        else if (kind === 'flip') bytes[place] = (bytes[place] ?? 0) ^ (1 << (byte % 8));
        else if (kind === 'cut') bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + byte)]);
        else bytes = Buffer.concat([bytes.subarray(0, place), Buffer.alloc(1 + (byte % 20), byte), bytes.subarray(place)]);
      }
      return new Uint8Array(bytes);
    });

/** Runs a parser; only its own refusal may be thrown. */
function refusesOnly(refusal: new (...args: never[]) => Error, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
  }
}

describe('hostile bytes', () => {
  test('a changed saved_model.pb is read or refused, never more', () => {
    const parse = (bytes: Uint8Array): void =>
      refusesOnly(MalformedProto, () => {
        for (const { objectGraph } of readSavedModelProto(bytes)) if (objectGraph !== null) readConcreteFunctions(objectGraph);
      });
    fc.assert(fc.property(mutated(sample('saved_model.pb')), parse), { numRuns: 5_000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), parse), { numRuns: 3_000 });
  });

  test('a changed variables.index is read or refused, never more', () => {
    const parse = (bytes: Uint8Array): void => refusesOnly(CorruptTable, () => readVariablesIndex(bytes));
    fc.assert(fc.property(mutated(sample('variables', 'variables.index')), parse), { numRuns: 5_000 });
  });

  test('text that is no text proto is refused, never more', () => {
    const words = fc.constantFrom(
      'meta_graphs',
      '{',
      '}',
      ':',
      '"x"',
      'graph_def',
      'node',
      '[',
      ']',
      '12',
      "'\\777'",
      '#',
      '\n',
      'attr',
      'value',
      'shape',
      'dim',
      '-1',
      '<',
      '>',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 60 }).map((list) => list.join(' ')),
        ),
        (text) => refusesOnly(MalformedProto, () => readSavedModelProto(savedModelFromText(text))),
      ),
      { numRuns: 3_000 },
    );
  });

  test('a length of 2^60 is refused before anything is allocated for it', () => {
    const bytes = Uint8Array.from([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]);
    expect(() => readSavedModelProto(bytes)).toThrow(MalformedProto);
  });

  test('text nested a hundred thousand deep is refused', () => {
    expect(() => savedModelFromText('unknown {'.repeat(100_000))).toThrow(MalformedProto);
  });
});

describe('the reader in a worker', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-worker-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('answers the same as in this thread', async () => {
    const signal = new AbortController().signal;
    const path = join(root, 'resources', 'sample', 'digits');
    expect(await inspectInWorker(path, { signal })).toEqual(await inspectFolder(path, { signal }));
  });

  test('reads a file of 500 MB while this thread goes on', async () => {
    const path = join(folder, 'large', '1');
    mkdirSync(path, { recursive: true });
    const meta = new ProtoWriter().message(2, (graph) =>
      graph
        .message(1, (info) => info.string(4, 'serve'))
        .message(2, (def) =>
          def.message(1, (node) =>
            node
              .string(1, 'weights')
              .string(2, 'Const')
              .message(5, (attr) =>
                attr
                  .string(1, 'value')
                  .message(2, (value) => value.message(8, (tensor) => tensor.varint(1, 1).bytes(4, new Uint8Array(500_000_000)))),
              ),
          ),
        ),
    );
    writeFileSync(join(path, 'saved_model.pb'), meta.finish());
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 5);
    const inspection = await inspectInWorker(join(folder, 'large'), { signal: new AbortController().signal });
    clearInterval(ticking);
    expect([inspection.kind, inspection.versions[0]?.ops, turns > 3]).toEqual(['ok', { Const: 1 }, true]);
  });

  test('ends at once when aborted', async () => {
    const abort = new AbortController();
    const reading = inspectInWorker(join(folder, 'large'), { signal: abort.signal });
    abort.abort();
    await expect(reading).rejects.toThrow('aborted');
  });
});
