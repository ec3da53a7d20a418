import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import type { Mend } from '../../src/shared/contract/savedModel.ts';

const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample', 'digits', '1');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-layout-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A whole version at a path. */
const model = (...paths: readonly string[]): void => paths.forEach((path) => cpSync(sample, join(folder, path), { recursive: true }));
const file = (...paths: readonly string[]): void =>
  paths.forEach((path) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'x');
  });
const remove = (path: string): void => rmSync(join(folder, path), { recursive: true });
const cut = (path: string, bytes: number): void => truncateSync(join(folder, path), bytes);
const link = (target: string, path: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  symlinkSync(target, join(folder, path));
};

const again: Mend = { kind: 'lookAgain' };
const python = (line: string): Mend => ({ kind: 'runPython', line });
const use = (path: string): Mend => ({ kind: 'useFolder', path });
const serveAs = (version: string): Mend => ({ kind: 'serveAsVersion', version });

/** What is made, what is looked at, and: kind, versions, and of each problem the code, the sentence and the mends. */
const table: readonly (readonly [
  what: string,
  make: () => void,
  path: string,
  kind: 'ok' | 'rejected',
  versions: readonly (string | null)[],
  problems: readonly (readonly [code: string, message: string, ...mends: readonly Mend[]])[],
])[] = [
  ['a base folder: its versions in order of number', () => model('a/2', 'a/10', 'a/1'), 'a', 'ok', ['1', '2', '10'], []],
  [
    'a version folder alone',
    () => model('b/7'),
    'b/7',
    'ok',
    ['7'],
    [['IS_VERSION_FOLDER', 'This is version 7, not the model’s folder.', serveAs('7'), use('..')]],
  ],
  ['an unversioned model', () => model('c'), 'c', 'ok', [null], [['UNVERSIONED', 'The model has no version folder.', serveAs('1')]]],
  [
    'a saved_model.pb itself',
    () => model('c2'),
    'c2/saved_model.pb',
    'ok',
    [null],
    [['UNVERSIONED', 'The model has no version folder.', serveAs('1')]],
  ],
  [
    'v3 alone',
    () => model('d/v3'),
    'd/v3',
    'ok',
    [null],
    [['VERSION_NOT_NUMERIC', 'The folder v3 is not a whole number, so TensorFlow Serving would pass over it.', serveAs('3')]],
  ],
  [
    'the parent of v1',
    () => model('e/v1'),
    'e',
    'ok',
    [null],
    [['VERSION_NOT_NUMERIC', 'The folder v1 is not a whole number, so TensorFlow Serving would pass over it.', serveAs('1')]],
  ],
  [
    'v2 beside 1',
    () => model('f/1', 'f/v2'),
    'f',
    'ok',
    ['1'],
    [['VERSION_NOT_NUMERIC', 'The folder v2 is not a whole number, so TensorFlow Serving would pass over it.', use('v2')]],
  ],
  ['0001', () => model('g/0001'), 'g', 'ok', ['1'], [['VERSION_LEADING_ZEROS', 'TensorFlow Serving calls the folder 0001 version 1.']]],
  [
    '0001 beside 1',
    () => model('h/1', 'h/0001'),
    'h',
    'ok',
    ['1'],
    [['DUPLICATE_VERSION', 'The folders 1 and 0001 are both version 1; only 1 is loaded.', again]],
  ],
  [
    'several models',
    () => model('i/x/1', 'i/y'),
    'i',
    'rejected',
    [],
    [['NESTED_MODEL', 'The model lies deeper, in x, y.', use('x'), use('y')]],
  ],
  [
    'a Keras 3 file, named so as to break out of a line of Python',
    () => file('j/x"); f("y.keras'),
    'j/x"); f("y.keras',
    'rejected',
    [],
    [
      [
        'KERAS_FILE',
        'x"); f("y.keras is a Keras 3 archive, not a SavedModel.',
        python('import keras; keras.saving.load_model("x\\"); f(\\"y.keras").export("x_f_y/1")'),
      ],
    ],
  ],
  [
    'a folder with a Keras 3 file',
    () => file('k/1/net.keras'),
    'k',
    'rejected',
    [],
    [
      [
        'KERAS_FILE',
        'net.keras is a Keras 3 archive, not a SavedModel.',
        python('import keras; keras.saving.load_model("net.keras").export("net/1")'),
      ],
    ],
  ],
  [
    'an HDF5 file',
    () => file('l/net.h5'),
    'l',
    'rejected',
    [],
    [
      [
        'H5_FILE',
        'net.h5 is a Keras HDF5 file, not a SavedModel.',
        python('import keras; keras.saving.load_model("net.h5", compile=False).export("net/1")'),
      ],
    ],
  ],
  [
    'a checkpoint',
    () => file('m/checkpoint', 'm/ckpt-3.index', 'm/ckpt-3.data-00000-of-00001'),
    'm',
    'rejected',
    [],
    [
      [
        'CHECKPOINT',
        'These are the weights of a checkpoint, without a graph.',
        python('import tensorflow as tf; tf.train.Checkpoint(model=model).restore("ckpt-3").expect_partial(); model.export("m/1")'),
      ],
    ],
  ],
  [
    'a frozen graph',
    () => file('n/frozen.pb'),
    'n',
    'rejected',
    [],
    [
      [
        'FROZEN_GRAPH',
        'frozen.pb is a frozen graph, not a SavedModel.',
        python(
          'import tensorflow as tf; g = tf.compat.v1.GraphDef.FromString(open("frozen.pb", "rb").read()); ' +
            'f = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(g, name=""), []); ' +
            'tf.saved_model.save(tf.Module(), "frozen/1", signatures=f.prune("INPUT:0", {"output": f.graph.get_tensor_by_name("OUTPUT:0")}))',
        ),
      ],
    ],
  ],
  [
    'a TensorFlow Lite file',
    () => file('o/m.tflite'),
    'o/m.tflite',
    'rejected',
    [],
    [['TFLITE_FILE', 'm.tflite is a TensorFlow Lite model.', python('model.export("m/1")')]],
  ],
  ...['hub.tar.gz', 'hub.zip', 'hub.tgz'].map(
    (name) =>
      [
        `a TF Hub archive, ${name}`,
        () => file(`p/${name}`),
        `p/${name}`,
        'rejected',
        [],
        [['ARCHIVE', `${name} is an archive.`, { kind: 'unpack' }]],
      ] as const,
  ),
  [
    'another file',
    () => file('q/notes.txt'),
    'q/notes.txt',
    'rejected',
    [],
    [['NOT_A_FOLDER', 'notes.txt is a file, not a model folder.', use('..')]],
  ],
  ['nothing', () => undefined, 'r', 'rejected', [], [['NOT_FOUND', 'There is nothing at {folder}/r.', again]]],
  [
    'an empty folder',
    () => mkdirSync(join(folder, 's')),
    's',
    'rejected',
    [],
    [['EMPTY_FOLDER', 'The folder s is empty.', python('model.export("{base}/1")')]],
  ],
  [
    'folders without a model',
    () => file('t/docs/a.txt'),
    't',
    'rejected',
    [],
    [['NO_MODEL_FOUND', 'There is no SavedModel in this folder.', again]],
  ],
  [
    'a link to itself',
    () => link('.', 'u/1'),
    'u',
    'rejected',
    [],
    [['SYMLINK_LOOP', 'The link 1 leads back to a folder above it.', again]],
  ],
  ['a link to nothing', () => link('nowhere', 'v/1'), 'v', 'rejected', [], [['DANGLING_LINK', 'The link 1 leads to nothing.', again]]],
  [
    'half-copied: the weights before the graph',
    () => {
      model('w/1');
      remove('w/1/saved_model.pb');
    },
    'w',
    'rejected',
    [],
    [['NO_SAVED_MODEL', 'There is no saved_model.pb in 1.', again]],
  ],
  [
    'half-copied: a part of the graph',
    () => {
      model('x/1');
      cut('x/1/saved_model.pb', 9_000);
    },
    'x',
    'rejected',
    [],
    [['PB_CORRUPT', 'saved_model.pb does not parse: cut short.', again]],
  ],
  [
    'half-copied: a graph of no bytes',
    () => {
      model('y/1');
      cut('y/1/saved_model.pb', 0);
    },
    'y',
    'rejected',
    [],
    [['PB_EMPTY', 'saved_model.pb holds no graph.', again]],
  ],
  [
    'half-copied: no weights',
    () => {
      model('z/1');
      remove('z/1/variables');
    },
    'z',
    'ok',
    ['1'],
    [['INDEX_MISSING', 'The weights are missing: there is no variables/variables.index.', again]],
  ],
  [
    'half-copied: a part of the index',
    () => {
      model('aa/1');
      cut('aa/1/variables/variables.index', 200);
    },
    'aa',
    'ok',
    ['1'],
    [['INDEX_CORRUPT', 'variables/variables.index is damaged: the footer is not that of a table.', again]],
  ],
  [
    'half-copied: no shard',
    () => {
      model('ab/1');
      remove('ab/1/variables/variables.data-00000-of-00001');
    },
    'ab',
    'ok',
    ['1'],
    [['SHARD_MISSING', 'The weights are incomplete: variables/variables.data-00000-of-00001 is missing.', again]],
  ],
  [
    'half-copied: a part of a shard',
    () => {
      model('ac/1');
      cut('ac/1/variables/variables.data-00000-of-00001', 100);
    },
    'ac',
    'ok',
    ['1'],
    [['SHARD_SHORT', 'The weights are incomplete: variables/variables.data-00000-of-00001 holds 100 of {bytes} bytes.', again]],
  ],
  [
    'a version beside a half-copied one',
    () => {
      model('ad/1', 'ad/2');
      remove('ad/2/saved_model.pb');
    },
    'ad',
    'ok',
    ['1'],
    [['NO_SAVED_MODEL', 'Version 2: There is no saved_model.pb in 2.', again]],
  ],
];

describe('layouts', () => {
  test.each(table)('%s', async (_, make, path, kind, versions, problems) => {
    make();
    const found = await inspectFolder(join(folder, path), { signal: new AbortController().signal });
    const told = [...found.problems, ...found.versions.flatMap((version) => version.problems)];
    const shardBytes = told.find(({ code }) => code === 'SHARD_SHORT')?.data?.['expected'] ?? '';
    const filled = (text: string): string =>
      text
        .replace('{folder}', folder)
        .replace('{base}', folder.split(/[/\\]/).at(-1) ?? '')
        .replace('{bytes}', String(shardBytes));
    expect({
      kind: found.kind,
      versions: found.versions.map(({ version }) => version),
      problems: told.map(({ code, message, mends = [] }) => [code, message, ...mends]),
    }).toEqual({
      kind,
      versions,
      problems: problems.map(([code, message, ...mends]) => [
        code,
        filled(message),
        ...mends.map((mend) => (mend.kind === 'runPython' ? { ...mend, line: filled(mend.line) } : mend)),
      ]),
    });
  });
});
