import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { Problem, ProblemCode } from '../../shared/contract/savedModel.ts';
import { MalformedProto } from '../protobuf/wire.ts';
import { problem } from './problem.ts';

/** A folder that holds one version, and what TensorFlow Serving would call it. */
export interface VersionFolder {
  readonly path: string;
  /** null: the folder's name is no number. */
  readonly version: string | null;
}

/** What a path is, before anything in it is parsed. */
export interface Layout {
  /** The folder above the versions, or the single version's folder. */
  readonly base: string;
  readonly name: string;
  readonly folders: readonly VersionFolder[];
  readonly problems: readonly Problem[];
}

const ignored = new Set(['.gitkeep', '.DS_Store', 'Thumbs.db', 'desktop.ini', '@eaDir', '.git']);
/** A folder of more entries is not a model's. */
const maxEntries = 20_000;

/** A name for the model out of a folder's name: `[A-Za-z0-9_.-]{1,128}`. */
export function modelNameOf(folder: string): string {
  const cleaned = basename(folder)
    .replace(/(\.tar)?\.(gz|tgz|zip|tar)$/i, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .slice(0, 128);
  return /^[._-]*$/.test(cleaned) ? 'model' : cleaned;
}

const isNumber = (name: string): boolean => /^\d{1,19}$/.test(name) && BigInt(name) <= 9_223_372_036_854_775_807n;

/** A number within a version-like name: `v1`, `1.0`, `version-3`; `1` where there is none. */
function numberIn(name: string): string {
  const digits = /\d{1,18}/.exec(name)?.[0];
  return digits === undefined ? '1' : String(BigInt(digits));
}

const archivePattern = /\.(tar\.gz|tgz|tar|zip)$/i;

/** Kinds of files that people take for a SavedModel. */
const fileKinds: Readonly<Record<string, ProblemCode>> = {
  '.keras': 'KERAS_FILE',
  '.h5': 'H5_FILE',
  '.hdf5': 'H5_FILE',
  '.tflite': 'TFLITE_FILE',
  '.index': 'CHECKPOINT',
  '.pb': 'FROZEN_GRAPH',
};

/** What a single file is, as a problem with its mend. `shown` is its name in the sentence. */
function fileProblem(path: string, shown: string): Problem | undefined {
  const code = archivePattern.test(path) ? 'ARCHIVE' : fileKinds[extname(path).toLowerCase()];
  return code === undefined ? undefined : problem(code, { file: shown, name: modelNameOf(path.replace(/\.[^.]+$/, '')) });
}

/** The names in a folder that mean something, sorted. */
export async function readNames(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => !ignored.has(name)).toSorted();
  return names.slice(0, maxEntries);
}

/** A broken link or one that leads back up; null where the path is fine. */
async function linkProblem(path: string, shown: string): Promise<Problem | null> {
  const facts = await lstat(path);
  if (!facts.isSymbolicLink()) return null;
  try {
    const target = await realpath(path);
    const parent = await realpath(dirname(path));
    const up = relative(target, parent);
    return up === '' || !(up.startsWith('..') || resolve(up) === up) ? problem('SYMLINK_LOOP', { file: shown }) : null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return problem(code === 'ELOOP' ? 'SYMLINK_LOOP' : 'DANGLING_LINK', { file: shown });
  }
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isDirectory() === true;
const hasGraph = (names: readonly string[]): boolean => names.includes('saved_model.pb') || names.includes('saved_model.pbtxt');

/** Why a folder without saved_model.pb is none: an export of another kind, a half-copied one, or nothing. */
export async function missingGraphProblem(folder: string, names: readonly string[]): Promise<Problem> {
  const shown = basename(folder);
  if (names.length === 0) return problem('EMPTY_FOLDER', { file: shown, name: modelNameOf(dirname(folder)) });
  if (names.includes('variables') && (await isFolder(join(folder, 'variables')))) return problem('NO_SAVED_MODEL', { file: shown });
  const weights = names.find((name) => /\.(index|data-\d{5}-of-\d{5})$/.test(name));
  if (names.includes('checkpoint') || weights !== undefined)
    return problem('CHECKPOINT', { file: weights ?? shown, name: modelNameOf(folder) });
  for (const name of names) {
    const told = fileProblem(join(folder, name), name);
    if (told !== undefined) return told;
  }
  return problem('NO_SAVED_MODEL', { file: shown });
}

interface Child {
  readonly name: string;
  readonly path: string;
  readonly names: readonly string[];
}

/** Child folders with their names; broken links as problems. */
async function readChildren(
  base: string,
  names: readonly string[],
): Promise<{ readonly children: readonly Child[]; readonly problems: readonly Problem[] }> {
  const children: Child[] = [];
  const problems: Problem[] = [];
  for (const name of names) {
    const path = join(base, name);
    const link = await linkProblem(path, name);
    if (link !== null) {
      if (isNumber(name)) problems.push(link);
      continue;
    }
    if (await isFolder(path)) children.push({ name, path, names: await readNames(path).catch(() => []) });
  }
  return { children, problems };
}

function singleVersion(folder: string): Layout {
  const own = basename(folder);
  const parent = dirname(folder);
  if (isNumber(own)) {
    const version = String(BigInt(own));
    const note = problem(
      'IS_VERSION_FOLDER',
      { version },
      {
        mends: [
          { kind: 'serveAsVersion', version },
          { kind: 'useFolder', path: '..' },
        ],
      },
    );
    return { base: folder, name: modelNameOf(parent), folders: [{ path: folder, version }], problems: [note] };
  }
  const looksLikeVersion = /^(v|ver|version)?[-_.]?\d+([._-]\d+)*$/i.test(own);
  const version = looksLikeVersion ? numberIn(own) : '1';
  const note = problem(
    looksLikeVersion ? 'VERSION_NOT_NUMERIC' : 'UNVERSIONED',
    { file: own, version },
    { mends: [{ kind: 'serveAsVersion', version }] },
  );
  return {
    base: folder,
    name: modelNameOf(looksLikeVersion ? parent : folder),
    folders: [{ path: folder, version: null }],
    problems: [note],
  };
}

function numberedVersions(base: string, children: readonly Child[], others: readonly Child[], problems: readonly Problem[]): Layout {
  const found: Problem[] = [...problems];
  const byVersion = new Map<string, Child>();
  // TensorFlow Serving takes one of several folders of the same number; the plain spelling is the one to keep.
  for (const child of children.toSorted((a, b) => a.name.length - b.name.length)) {
    const version = String(BigInt(child.name));
    const kept = byVersion.get(version);
    if (kept !== undefined) found.push(problem('DUPLICATE_VERSION', { file: kept.name, other: child.name, version }));
    else {
      byVersion.set(version, child);
      if (version !== child.name) found.push(problem('VERSION_LEADING_ZEROS', { file: child.name, version }));
    }
  }
  for (const child of others.filter(({ names }) => hasGraph(names))) {
    found.push(
      problem(
        'VERSION_NOT_NUMERIC',
        { file: child.name, version: numberIn(child.name) },
        { mends: [{ kind: 'useFolder', path: child.name }] },
      ),
    );
  }
  const folders = [...byVersion]
    .map(([version, { path }]) => ({ path, version }))
    .toSorted((a, b) => (BigInt(a.version) < BigInt(b.version) ? -1 : 1));
  return { base, name: modelNameOf(base), folders, problems: found };
}

/** What a path is: a base folder of versions, a version alone, another kind of export, or nothing. */
export async function readLayout(path: string): Promise<Layout> {
  const base = resolve(path);
  const rejected = (...problems: readonly Problem[]): Layout => ({ base, name: modelNameOf(base), folders: [], problems });
  try {
    const link = await linkProblem(base, basename(base));
    if (link !== null) return rejected(link);
    const facts = await stat(base);
    if (!facts.isDirectory()) {
      if (/^saved_model\.pb(txt)?$/.test(basename(base))) return { ...singleVersion(dirname(base)), base: dirname(base) };
      return rejected(fileProblem(base, basename(base)) ?? problem('NOT_A_FOLDER', { file: basename(base) }));
    }
    const names = await readNames(base);
    if (hasGraph(names)) return singleVersion(base);
    const { children, problems } = await readChildren(base, names);
    const numbered = children.filter(({ name }) => isNumber(name));
    const others = children.filter(({ name }) => !isNumber(name));
    if (numbered.length > 0) return numberedVersions(base, numbered, others, problems);
    if (problems.length > 0) return rejected(...problems);
    const deeper = others.filter((child) => hasGraph(child.names) || child.names.some((name) => isNumber(name)));
    const [only] = deeper;
    // A single v1 is a version of this folder; a single model of another name lies below it.
    if (only !== undefined && deeper.length === 1 && hasGraph(only.names) && /^(v|ver|version)?[-_.]?\d/i.test(only.name))
      return { ...singleVersion(only.path), base, name: modelNameOf(base) };
    if (deeper.length > 0) return nested(base, deeper);
    return rejected(
      names.length > 0 && others.length === names.length && !names.includes('variables')
        ? problem('NO_MODEL_FOUND')
        : await missingGraphProblem(base, names),
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return rejected(problem('NOT_FOUND', { path }));
    if (code === 'ELOOP') return rejected(problem('SYMLINK_LOOP', { file: basename(base) }));
    if (code === undefined) throw error;
    return rejected(problem('NOT_READABLE', { file: basename(base), reason: code }));
  }
}

function nested(base: string, children: readonly Child[]): Layout {
  const file = children
    .map(({ name }) => name)
    .slice(0, 5)
    .join(', ');
  const mends = children.slice(0, 20).map(({ name }) => ({ kind: 'useFolder', path: name }) as const);
  return { base, name: modelNameOf(base), folders: [], problems: [problem('NESTED_MODEL', { file }, { mends })] };
}

/** A system's refusal to read, in words; anything else is thrown on. */
export function readingProblem(error: unknown, file: string): Problem {
  if (error instanceof MalformedProto) return problem('PB_CORRUPT', { reason: error.message });
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return problem('NOT_READABLE', { file, reason: code });
}
