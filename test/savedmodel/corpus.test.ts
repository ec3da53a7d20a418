import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { shardFile } from '../../src/main/savedmodel/variablesIndex.ts';
import type { ProblemCode, VariableInfo } from '../../src/shared/contract/savedModel.ts';
import { dtypeSizeBytes } from '../../src/shared/tensor/dtype.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { copyBadModels, corpus, readGolden } from './corpus.ts';

const signal = new AbortController().signal;
const models = join(fixtures() ?? '', 'models');
const suite = describe.skipIf(!fixtures());
const why = fixtures() ? '' : ` [${whyNoFixtures}]`;

interface Golden {
  readonly meta_graphs: readonly { readonly tags: readonly string[]; readonly signatures: unknown }[];
  readonly total_params: number;
  readonly size_bytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

interface GoldenOps {
  readonly ops: unknown;
  readonly meta_graphs: readonly {
    readonly tensorflow_version: string;
    readonly graph_producer_version: number;
    readonly assets: readonly { readonly filename: string }[];
  }[];
}

/** The bytes of a variable; a partitioned one's slices (of vectors and matrices) are put in their places. */
function variableBytes(folder: string, shards: number, { slices, dtype, shape, ...whole }: VariableInfo): Buffer {
  const read = ({ shard, offset, bytes }: { shard: number; offset: number; bytes: number }): Buffer =>
    readFileSync(join(folder, 'variables', shardFile(shard, shards))).subarray(offset, offset + bytes);
  if (slices === undefined) return read(whole);
  const size = dtypeSizeBytes(dtype);
  const columns = shape[1] ?? 1;
  const all = Buffer.alloc(whole.bytes);
  for (const slice of slices) {
    const part = read(slice);
    const [firstRow = 0, firstColumn = 0] = slice.start;
    const width = slice.length[1] === undefined || slice.length[1] === -1 ? columns : slice.length[1];
    for (let row = 0; row * width * size < part.length; row += 1) {
      part.copy(all, ((firstRow + row) * columns + firstColumn) * size, row * width * size, (row + 1) * width * size);
    }
  }
  return all;
}

suite(`the reader, against what TensorFlow says${why}`, () => {
  test.each(corpus().models.map(({ path, goldens }) => [path, goldens] as const))(
    '%s: signatures, files, parameters, ops and variables',
    async (path, goldens) => {
      const golden = readGolden(goldens, 'goldens.json') as Golden;
      const ops = readGolden(goldens, 'ops.json') as GoldenOps;
      const variables = readGolden(goldens, 'variables.json') as Record<string, { dtype: string; shape: number[]; sha256?: string }>;
      const folder = join(models, path);
      const { kind, versions } = await inspectFolder(folder, { verify: true, signal });
      const [version] = versions;
      if (version === undefined) throw new Error('rejected');
      const shards = version.files.filter((file) => file.path.includes('.data-')).length;
      const hashes = version.variables
        .filter(({ key }) => variables[key]?.sha256 !== undefined)
        .map((variable) => [
          variable.key,
          createHash('sha256')
            .update(variableBytes(folder, shards, variable))
            .digest('hex'),
        ]);
      const fixedSize = (key: string): boolean => dtypeSizeBytes(variables[key]?.dtype as VariableInfo['dtype']) > 0;
      expect({
        kind,
        meta_graphs: version.meta_graphs.map(({ tags, signatures }) => ({ tags, signatures })),
        graphs: version.meta_graphs.map(({ tensorflow_version, producer, assets }) => ({ tensorflow_version, producer, assets })),
        total_params: version.total_params,
        size_bytes: version.size_bytes,
        files: version.files,
        ops: version.ops,
        variables: Object.fromEntries(version.variables.map(({ key, dtype, shape }) => [key, { dtype, shape }])),
        sha256: Object.fromEntries(hashes.filter(([key]) => fixedSize(key ?? ''))),
        verified: version.verified,
        problems: version.problems,
      }).toEqual({
        kind: 'ok',
        meta_graphs: golden.meta_graphs.map(({ tags, signatures }) => ({ tags, signatures })),
        graphs: ops.meta_graphs.map(({ tensorflow_version, graph_producer_version, assets }) => ({
          tensorflow_version,
          producer: graph_producer_version,
          assets: assets.map(({ filename }) => filename),
        })),
        total_params: golden.total_params,
        size_bytes: golden.size_bytes,
        files: golden.files.map((file) => ({ path: file.path, bytes: file.bytes })),
        ops: ops.ops,
        variables: Object.fromEntries(Object.entries(variables).map(([key, { dtype, shape }]) => [key, { dtype, shape }])),
        sha256: Object.fromEntries(
          Object.entries(variables)
            .filter(([key, { sha256 }]) => sha256 !== undefined && fixedSize(key))
            .map(([key, { sha256 }]) => [key, sha256]),
        ),
        verified: true,
        problems: [],
      });
    },
  );
});

/** What each broken folder is called. */
const expected: Readonly<Record<string, ProblemCode | undefined>> = {
  'bad/empty_dir/1': 'EMPTY_FOLDER',
  'bad/missing_pb/1': 'NO_SAVED_MODEL',
  'bad/truncated_pb/1': 'PB_CORRUPT',
  'bad/random_pb/1': 'PB_CORRUPT',
  'bad/empty_pb/1': 'PB_EMPTY',
  'bad/missing_index/1': 'INDEX_MISSING',
  'bad/missing_data/1': 'SHARD_MISSING',
  'bad/truncated_data/1': 'SHARD_SHORT',
  'bad/corrupt_data/1': 'CHECKSUM_MISMATCH',
  'bad/corrupt_index/1': 'INDEX_CORRUPT',
  'bad/missing_shard/1': 'SHARD_MISSING',
  'bad/missing_asset/1': 'ASSET_MISSING',
  'bad/no_serve_tag/1': 'NO_SERVE_TAG',
  'bad/no_signatures/1': 'NO_SIGNATURE',
  'bad/version_not_numeric/v1': undefined,
  'bad/unversioned_ok': undefined,
  'bad/keras_file/1': 'KERAS_FILE',
  'bad/h5_file/1': 'H5_FILE',
  'bad/frozen_graph/1': 'FROZEN_GRAPH',
  'bad/frozen_as_saved_model/1': 'PB_IS_FROZEN_GRAPH',
  'bad/symlink_loop/1': 'SYMLINK_LOOP',
  'bad/dangling_link/1': 'DANGLING_LINK',
  'bad/pb_is_directory/1': 'PB_IS_FOLDER',
  'bad/pbtxt_valid/1': undefined,
  'bad/huge_shape/1': 'SIGNATURE_SHAPE_HUGE',
  'bad/huge_const/1': 'CONST_HUGE',
  'bad/wrong_signature_tensor/1': 'SIGNATURE_TENSOR_MISSING',
  'bad/unknown_op/1': 'UNKNOWN_OP',
  'bad/variable_shape_mismatch/1': 'VARIABLE_MISMATCH',
};

suite(`broken folders${why}`, () => {
  let copy = '';
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'slipway-bad-'));
    copyBadModels(copy);
    // The stored model has a signature after all: TensorFlow made serving_default from its only function. Renaming the
    // field's tag (5, length-delimited) of that entry to an unused one leaves what its description says.
    const path = join(copy, 'bad', 'no_signatures', '1', 'saved_model.pb');
    const bytes = readFileSync(path);
    const at = bytes.indexOf(Buffer.concat([Buffer.from([0x0a, 15]), Buffer.from('serving_default')]));
    const lengthBytes = (bytes[at - 1] ?? 0) < 0x80 && (bytes[at - 2] ?? 0) >= 0x80 ? 2 : 1;
    bytes[at - lengthBytes - 1] = (15 << 3) | 2;
    writeFileSync(path, bytes);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test.each(corpus().bad.map(({ path, defect, expect: want }) => [path, defect, want] as const))(
    '%s (%s) is told as its expectation, %s, says',
    async (path, _, want) => {
      const { kind, versions, problems } = await inspectFolder(join(copy, path), { verify: true, signal });
      const grave = [...problems, ...versions.flatMap((version) => version.problems)].filter(({ severity }) => severity !== 'note');
      expect({
        kind,
        codes: [...new Set(grave.map(({ code }) => code))],
        mended: grave.every(({ mends = [] }) => mends.length > 0),
      }).toEqual({
        kind: want === 'reject' ? 'rejected' : 'ok',
        codes: expected[path] === undefined ? [] : [expected[path]],
        mended: true,
      });
    },
  );
});

/** Models of the recorded exchanges that the genuine server would not load, or not answer for. */
const refused: Readonly<Record<string, ProblemCode>> = {
  badop: 'UNKNOWN_OP',
  badtags: 'NO_SERVE_TAG',
  corrupt: 'PB_CORRUPT',
  emptyver: 'EMPTY_FOLDER',
  novers: 'EMPTY_FOLDER',
};
const served = join(fixtures() ?? '', 'reference', 'rest', 'models');

suite(`models that a genuine TensorFlow Serving was given${why}`, () => {
  test.each(fixtures() === undefined ? [] : readdirSync(served))('%s: nothing is held against it but what the server met', async (name) => {
    const { versions, problems } = await inspectFolder(join(served, name), { verify: true, signal });
    const grave = [...problems, ...versions.flatMap((version) => version.problems)].filter(({ severity }) => severity !== 'note');
    const verified = versions.every((version) => version.verified);
    expect([verified, ...grave.map(({ code }) => code)]).toEqual([true, ...(refused[name] === undefined ? [] : [refused[name]])]);
  });
});

test('fingerprint.pb is read as TensorFlow reads it', async () => {
  const { versions } = await inspectFolder(join(import.meta.dirname, '..', '..', 'resources', 'sample', 'digits'), { signal });
  expect(versions[0]?.fingerprint).toMatchObject({
    saved_model_checksum: '4492239125614859603',
    graph_def_program_hash: '17700305580027924602',
    signature_def_hash: '12351514428184677279',
    saved_object_graph_hash: '6544508157585697844',
    checkpoint_hash: '11686950795114388570',
  });
});
