import { cpSync, mkdtempSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MalformedProto, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { inspectInWorker } from '../../src/main/savedmodel/inspectInWorker.ts';
import { readSavedModelProto } from '../../src/main/savedmodel/savedModelProto.ts';
import { crc32c, maskCrc } from '../../src/main/savedmodel/crc32c.ts';
import { graphProblems } from '../../src/main/savedmodel/graphProblems.ts';
import { describeGraph, describeSignatureGraph } from '../../src/main/savedmodel/signatureGraph.ts';
import { CorruptTable, tableEntries } from '../../src/main/savedmodel/tableFile.ts';
import { variableFitProblems } from '../../src/main/savedmodel/variableFit.ts';
import { savedModelFromText } from '../../src/main/savedmodel/textProto.ts';
import { readVariablesIndex } from '../../src/main/savedmodel/variablesIndex.ts';
import { readConcreteFunctions } from '../../src/main/savedmodel/objectGraph.ts';
import { summarize } from '../../src/shared/contract/savedModel.ts';
import { fixtures } from '../fixtures.ts';
import { mutated } from './mutated.ts';

const root = join(import.meta.dirname, '..', '..');
const sample = (...path: string[]): Buffer => readFileSync(join(root, 'resources', 'sample', 'digits', '1', ...path));

/** A graph in text with one of everything that the reader looks at. */
const graphText = `meta_graphs { meta_info_def { tags: "serve" tensorflow_version: '2.21.0' stripped_op_list { op { name: "Const" } } }
  graph_def { node { name: "c" op: "Const" attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } }
    float_val: [1.5, -2e3] } } } attr { key: "dtype" value { type: DT_FLOAT_REF } } } # a comment
    node { name: "p" op: "Placeholder" attr { key: "shape" value { shape { unknown_rank: true } } } }
    library { function { signature { name: "f" input_arg { name: "x" type: DT_INT64 } } node_def { name: "i" op: "Identity" input: "x" }
      ret { key: "y" value: "i:output:0" } } } versions { producer: 2000 } }
  saver_def { restore_op_name: "save/restore_all" }
  signature_def { key: "serving_default" value { inputs { key: "x" value { name: "p:0" dtype: DT_FLOAT tensor_shape { dim { size: -1 } } } }
    outputs { key: "y" value { name: "c:0" dtype: DT_FLOAT } } method_name: "tensorflow\\x2fserving/\\160redict" } }
  asset_file_def { filename: "a.txt" } }`;

/** Graphs whose mutations are tried: the sample's, and small ones of the corpus that hold other things. */
const graphFiles: readonly Uint8Array[] = [
  sample('saved_model.pb'),
  ...['partitioned', 'table_lookup', 'half_plus_two', 'control_flow']
    .filter(() => fixtures() !== undefined)
    .map((name) => readFileSync(join(fixtures() ?? '', 'models', 'models', name, '1', 'saved_model.pb'))),
];
const anyOf = (files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> => fc.oneof(...files.map(mutated));

/** LevelDB's block: entries without shared prefixes, one restart, type 0 and a right checksum, so that what is inside gets read. */
function sealedBlock(content: Uint8Array): Uint8Array {
  const typed = Buffer.concat([content, Buffer.alloc(1)]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(maskCrc(crc32c(typed)));
  return Buffer.concat([typed, crc]);
}
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
const restarts = Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]);
const entry = (key: Uint8Array, value: Uint8Array): Buffer =>
  Buffer.concat([varint(0), varint(key.length), varint(value.length), key, value]);
/** A table of one data block with that content. */
function tableOf(content: Uint8Array): Uint8Array {
  const data = sealedBlock(content);
  const index = Buffer.concat([entry(Buffer.from('~'), Buffer.concat([varint(0), varint(content.length)])), restarts]);
  const handles = Buffer.concat([varint(0), varint(0), varint(data.length), varint(index.length)]);
  const magic = Buffer.from('57fb808b247547db', 'hex');
  return Buffer.concat([data, sealedBlock(index), handles, Buffer.alloc(40 - handles.length), magic]);
}
const dataBlockOf = (index: Uint8Array): Uint8Array =>
  Buffer.concat([...[...tableEntries(index)].map(([key, value]) => entry(key, value)), restarts]);
/** The sample's, and where there are fixtures one with slices. */
const dataBlocks = [
  dataBlockOf(sample('variables', 'variables.index')),
  ...[fixtures()]
    .filter((one) => one !== undefined)
    .map((one) => dataBlockOf(readFileSync(join(one, 'models', 'models', 'partitioned', '1', 'variables', 'variables.index')))),
];

let cases = 0;
/** Runs a parser; only its own refusal may be thrown. */
function refusesOnly(refusal: new (...args: never[]) => Error, parse: () => unknown): void {
  cases += 1;
  try {
    parse();
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
  }
}

describe('hostile bytes', () => {
  const { variables } = readVariablesIndex(sample('variables', 'variables.index'));
  /** All that is ever read out of a graph, attributes included. */
  const readWhole = (bytes: Uint8Array): void => {
    const graphs = readSavedModelProto(bytes);
    graphProblems(graphs, root);
    for (const graph of graphs) {
      variableFitProblems(graph, variables);
      for (const [name] of Object.entries(graph.signatures)) describeGraph(graph, name);
      if (graph.objectGraph !== null) readConcreteFunctions(graph.objectGraph);
    }
  };

  test('a changed saved_model.pb is read or refused, never more', () => {
    const parse = (bytes: Uint8Array): void => refusesOnly(MalformedProto, () => readWhole(bytes));
    fc.assert(fc.property(anyOf(graphFiles), parse), { numRuns: 4_000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), parse), { numRuns: 2_000 });
  });

  test('a changed variables.index is read or refused, never more, also where its checksums are right', () => {
    const parse = (bytes: Uint8Array): void => refusesOnly(CorruptTable, () => readVariablesIndex(bytes));
    expect(readVariablesIndex(tableOf(dataBlocks[0] ?? new Uint8Array())).variables).toEqual(variables);
    fc.assert(fc.property(mutated(sample('variables', 'variables.index')), parse), { numRuns: 2_000 });
    fc.assert(
      fc.property(anyOf(dataBlocks), (content) => parse(tableOf(content))),
      { numRuns: 4_000 },
    );
  });

  test('text that is no text proto is refused, never more', () => {
    const words = fc.constantFrom(
      ...`meta_graphs { } : "x" graph_def node [ ] 12 '\\777' # attr value shape dim -1 < > signature_def inputs dtype`.split(' '),
      '\n',
      'constructor',
      '9'.repeat(400),
      'DT_FLOAT_REF',
      'tensor',
      'float_val',
      'size',
    );
    const parse = (text: string): void => refusesOnly(MalformedProto, () => readWhole(savedModelFromText(text)));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 60 }).map((list) => list.join(' ')),
        ),
        parse,
      ),
      { numRuns: 2_000 },
    );
    const written = Buffer.from(graphText);
    fc.assert(
      fc.property(mutated(written), (bytes) => parse(Buffer.from(bytes).toString('latin1'))),
      { numRuns: 2_000 },
    );
  });

  test('a folder with a changed file in it is described or rejected, never more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-hostile-'));
    cpSync(join(root, 'resources', 'sample', 'digits', '1'), folder, { recursive: true });
    const signal = new AbortController().signal;
    for (const path of ['saved_model.pb', 'variables/variables.index', 'variables/variables.data-00000-of-00001', 'fingerprint.pb']) {
      const original = readFileSync(join(folder, path));
      await fc.assert(
        fc.asyncProperty(mutated(original), async (bytes) => {
          cases += 1;
          writeFileSync(join(folder, path), bytes);
          const { kind } = await inspectFolder(folder, { verify: true, signal });
          expect(['ok', 'rejected']).toContain(kind);
        }),
        { numRuns: 100 },
      );
      writeFileSync(join(folder, path), original);
    }
    rmSync(folder, { recursive: true });
  });

  test('these were more than ten thousand', () => {
    expect(cases).toBeGreaterThan(10_000);
  });

  test('an attribute that does not parse is told as a damaged file, though only asking for it finds out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-hostile-'));
    const graph = new ProtoWriter().message(2, (meta) =>
      meta
        .message(1, (info) => info.string(4, 'serve'))
        .message(2, (def) =>
          def.message(1, (node) =>
            node
              .string(1, 'c')
              .string(2, 'Const')
              .bytes(5, Uint8Array.from([0x0a, 0x7f])),
          ),
        ),
    );
    writeFileSync(join(folder, 'saved_model.pb'), graph.finish());
    const { kind, problems } = await inspectFolder(folder, { signal: new AbortController().signal });
    expect([kind, problems.map(({ code }) => code)]).toEqual(['rejected', ['UNVERSIONED', 'PB_CORRUPT']]);
    rmSync(folder, { recursive: true });
  });

  test('a graph that describes very many signatures is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-hostile-'));
    const graph = new ProtoWriter().message(2, (meta) => {
      meta.message(1, (info) => info.string(4, 'serve'));
      for (let index = 0; index < 200_000; index += 1) meta.message(5, (pair) => pair.string(1, `s${index}`));
    });
    writeFileSync(join(folder, 'saved_model.pb'), graph.finish());
    const { kind, problems } = await inspectFolder(folder, { signal: new AbortController().signal });
    expect([kind, problems.at(-1)?.code]).toEqual(['rejected', 'PB_CORRUPT']);
    rmSync(folder, { recursive: true });
  });

  test('blanks by the million between fields of a text are passed over', () => {
    expect(readSavedModelProto(savedModelFromText(' '.repeat(20_000_000)))).toEqual([]);
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
    expect(await inspectInWorker(path, { signal })).toEqual(summarize(await inspectFolder(path, { signal })));
  });

  test('reads a file of 500 MB while this thread goes on', async () => {
    const path = join(folder, 'large', '1');
    mkdirSync(path, { recursive: true });
    const meta = new ProtoWriter().message(2, (graph) =>
      graph
        .message(1, (info) => info.string(4, 'serve'))
        .message(5, (pair) =>
          pair
            .string(1, 'serving_default')
            .message(2, (signature) =>
              signature.message(2, (output) => output.string(1, 'y').message(2, (info) => info.string(1, 'weights:0'))),
            ),
        )
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
    const { signal } = new AbortController();
    const inspection = await inspectInWorker(join(folder, 'large'), { signal });
    const whileInspecting = turns;
    const { ops } = await describeSignatureGraph(path, ['serve'], 'serving_default', { signal });
    clearInterval(ticking);
    expect([inspection.kind, inspection.versions[0]?.ops, ops]).toEqual(['ok', { Const: 1 }, ['Const']]);
    expect([whileInspecting > 3, turns - whileInspecting > 3]).toEqual([true, true]);
    await expect(describeSignatureGraph(path, ['serve'], 'other', { signal })).rejects.toMatchObject({ code: 'SIGNATURE_NOT_FOUND' });
  });

  test('ends at once when aborted', async () => {
    const abort = new AbortController();
    const reading = inspectInWorker(join(folder, 'large'), { signal: abort.signal });
    abort.abort();
    await expect(reading).rejects.toThrow('aborted');
  });
});
