import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { Detail, MetricCourse, Source } from '../../shared/contract/library.ts';
import { JsonSyntax, parseJson } from '../../shared/tensor/json.ts';
import { isModelFile, readContentFingerprint } from '../savedmodel/contentFingerprint.ts';
import { readBeside, staysWithin, type BesideFile } from './besideFiles.ts';
import { readEventFile, type EventBudget, type Scalars } from './eventFile.ts';
import { measured, type Finding, type SourcedFinding } from './finding.ts';
import { readKerasHistory } from './kerasHistory.ts';
import { readMetricsJson, versionOfKey } from './metricsJson.ts';
import { findingOf, readMlflowRun, readMlmodel, type MlflowRun } from './mlflowRuns.ts';

/** What training left beside a version, and what its content is recognised by. */
export interface ReadEvidence {
  readonly version: string;
  /** Changes whenever a file that was looked at does; equal means that nothing needs to be read again. */
  readonly print: string;
  /** As `contentFingerprint.ts` says. */
  readonly fingerprint: string;
  readonly metrics: readonly {
    readonly name: string;
    readonly value: number;
    readonly source: Source;
    readonly course: MetricCourse['points'];
  }[];
  readonly details: readonly Detail[];
  /** Files that could not be used, with the reason. */
  readonly unread: readonly string[];
}

export interface EvidenceRequest {
  /** The base folder, or the version's own where it has none. */
  readonly base: string;
  readonly versions: readonly { readonly version: string; readonly path: string }[];
  /** Version -> what the last reading found: what is the same is not read. */
  readonly known: Readonly<Record<string, Pick<ReadEvidence, 'print' | 'fingerprint'>>>;
}

const maxFiles = 100_000;
const maxBaseFiles = 20_000;
const maxJsonBytes = 16_000_000;
const maxLineFileBytes = 4_000_000;
const maxMlflowBytes = 64_000_000;
const maxEventFiles = 200;
const maxFound = 1_000;
const maxUnread = 20;

type FileKind = 'metrics.json' | 'history.json' | 'tensorboard' | 'mlflow' | 'mlmodel';

/** What a file beside a model may tell, by its path in the base or version folder. */
function kindOf(path: string): FileKind | null {
  if (/^mlruns\/[^/]+\/[^/]+\/(meta\.yaml$|(metrics|params|tags)\/)/.test(path)) return 'mlflow';
  if (path.startsWith('mlruns/')) return null;
  if (path === 'MLmodel') return 'mlmodel';
  if (/^(assets\.extra\/)?history\.json$/.test(path)) return 'history.json';
  if (/^(metrics\.json|assets\.extra\/[^/]+\.json)$/.test(path)) return 'metrics.json';
  return /(^|\/)events\.out\.tfevents\.[^/]+$/.test(path) ? 'tensorboard' : null;
}

/** One folder's evidence while it is read. `prefix` leads from the base folder to it. */
interface Place {
  readonly folder: string;
  readonly base: string;
  readonly files: readonly BesideFile[];
  readonly unread: string[];
  /** null: the base folder, which holds all of them. */
  readonly ownVersion: string | null;
  /** The versions that a folder's name may mean. */
  readonly versions: ReadonlySet<string>;
  readonly versionOfRun: Map<string, string>;
}

const inBase = ({ base, folder }: Place, path: string): string =>
  [...relative(base, folder).split(sep), path].filter((part) => part !== '').join('/');

function fail(place: Place, path: string, why: string): void {
  if (place.unread.length < maxUnread) place.unread.push(`${inBase(place, path)}: ${why}`);
}

async function readText(place: Place, { path, bytes }: BesideFile, maxBytes: number): Promise<string | null> {
  try {
    if (bytes > maxBytes) fail(place, path, `larger than ${maxBytes / 1e6} MB`);
    else if (!(await staysWithin(place.base, relative(place.base, join(place.folder, path)))))
      fail(place, path, 'a link that leads elsewhere');
    else return (await readFile(join(place.folder, path), 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    fail(place, path, code);
  }
  return null;
}

async function readJsonFiles(place: Place, kind: 'metrics.json' | 'history.json'): Promise<readonly SourcedFinding[]> {
  const findings: SourcedFinding[] = [];
  for (const file of place.files.filter(({ path }) => kindOf(path) === kind).slice(0, 16)) {
    const text = await readText(place, file, maxJsonBytes);
    if (text === null) continue;
    try {
      const found = (kind === 'metrics.json' ? readMetricsJson : readKerasHistory)(parseJson(text));
      // A version's own file is of that version, whatever number it was written under.
      const isOwn = place.ownVersion !== null && found.length === 1;
      findings.push(...found.map((one) => sourced(place, isOwn ? { ...one, version: null } : one, kind, file.path)));
    } catch (error) {
      if (!(error instanceof JsonSyntax)) throw error;
      fail(place, file.path, `no JSON: ${error.message} at character ${error.at}`);
    }
  }
  return findings;
}

function sourced(place: Place, finding: Finding, kind: SourcedFinding['source']['kind'], path: string): SourcedFinding {
  const scope = place.ownVersion !== null || finding.version !== null ? 'version' : 'model';
  return { ...finding, source: { kind, file: inBase(place, path), scope } };
}

const noise = new Set(['logs', 'log', 'events', 'tensorboard', 'tb', 'runs', 'tfevents', 'fit', 'assets.extra']);

/** `logs/v3/train` is the run `train` of version 3. */
function runOf(path: string, versions: ReadonlySet<string>): { readonly version: string | null; readonly run: string } {
  let version: string | null = null;
  const names = path
    .split('/')
    .slice(0, -1)
    .filter((name) => {
      const digits = /^(?:version|ver|v|run)?[-_]?(\d{1,19})$/i.exec(name)?.[1];
      const number = digits === undefined ? null : versionOfKey(digits);
      if (number === null || !versions.has(number) || version !== null) return !noise.has(name.toLowerCase());
      version = number;
      return false;
    });
  return { version, run: names.join('/') };
}

async function readEvents(place: Place): Promise<readonly SourcedFinding[]> {
  const budget: EventBudget = { bytes: 256_000_000, points: 2_000_000 };
  const runs = new Map<
    string,
    { readonly version: string | null; readonly run: string; readonly path: string; readonly scalars: Scalars }
  >();
  const files = place.files.filter(({ path }) => kindOf(path) === 'tensorboard');
  if (files.length > maxEventFiles) fail(place, files[maxEventFiles]?.path ?? '', `only ${maxEventFiles} event files are read`);
  // By name, which holds the time: of a run that went on in a further file, the later one counts.
  for (const { path } of files.slice(0, maxEventFiles)) {
    const { version, run } = runOf(path, place.versions);
    const key = `${version ?? ''} ${run}`;
    const into = runs.get(key) ?? { version, run, path, scalars: new Map() };
    runs.set(key, into);
    try {
      if (!(await staysWithin(place.base, relative(place.base, join(place.folder, path)))))
        fail(place, path, 'a link that leads elsewhere');
      else {
        const damage = await readEventFile(join(place.folder, path), into.scalars, budget);
        if (damage !== null) fail(place, path, damage);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      fail(place, path, code);
    }
  }
  return [...runs.values()].map(({ version, run, path, scalars }) => {
    const found = [...scalars].map(([tag, points]) => measured(run === '' ? tag : `${run}/${tag}`, points));
    const finding = { version, metrics: found.flatMap(({ metrics }) => metrics), details: found.flatMap(({ details }) => details) };
    return sourced(place, finding, 'tensorboard', path);
  });
}

async function readRuns(place: Place): Promise<readonly MlflowRun[]> {
  const byRun = new Map<string, BesideFile[]>();
  for (const file of place.files.filter(({ path }) => kindOf(path) === 'mlflow')) {
    const folder = file.path.split('/').slice(0, 3).join('/');
    byRun.set(folder, [...(byRun.get(folder) ?? []), file]);
  }
  let left = maxMlflowBytes;
  const runs: MlflowRun[] = [];
  for (const [folder, files] of byRun) {
    const texts = new Map<string, string>();
    for (const file of files) {
      left -= file.bytes;
      if (left < 0) {
        fail(place, 'mlruns', `only ${maxMlflowBytes / 1e6} MB are read`);
        return runs;
      }
      const text = await readText(place, file, maxLineFileBytes);
      if (text !== null) texts.set(file.path.slice(folder.length + 1), text);
    }
    const { run, bad } = readMlflowRun(basename(folder), texts);
    for (const path of bad) fail(place, `${folder}/${path}`, 'lines that are no `timestamp value step`');
    if (run.metrics.length + run.details.length > 0) runs.push(run);
  }
  return runs.toSorted((a, b) => b.endedMs - a.endedMs);
}

async function readMlflow(place: Place): Promise<readonly SourcedFinding[]> {
  const { ownVersion } = place;
  const findings: SourcedFinding[] = [];
  const mlmodel = place.files.find(({ path }) => kindOf(path) === 'mlmodel');
  const text = mlmodel === undefined ? null : await readText(place, mlmodel, maxLineFileBytes);
  if (text !== null) {
    const { runId, details } = readMlmodel(text);
    if (runId !== null && ownVersion !== null) place.versionOfRun.set(runId, ownVersion);
    findings.push(sourced(place, { version: null, metrics: [], details }, 'mlflow', 'MLmodel'));
  }
  const found = (await readRuns(place)).map((run) => ({ run, finding: findingOf(run, place.versionOfRun) }));
  const known = found.filter(({ finding }) => finding.version !== null && place.versions.has(finding.version));
  const others = found.filter((one) => !known.includes(one)).map(({ run, finding }) => ({ run, finding: { ...finding, version: null } }));
  // A run that names no version is the model's where it is the only one; within a version's folder, the newest is that version's.
  const taken = others.length === 1 || ownVersion !== null ? others.slice(0, 1) : [];
  if (others.length > taken.length) fail(place, 'mlruns', `${others.length - taken.length} runs name no version`);
  for (const { run, finding } of [...known, ...taken]) findings.push(sourced(place, finding, 'mlflow', `mlruns/${run.id}`));
  return findings;
}

/** All that a folder's files say, the most telling first. */
async function readPlace(place: Place): Promise<readonly SourcedFinding[]> {
  return [
    ...(await readJsonFiles(place, 'metrics.json')),
    ...(await readJsonFiles(place, 'history.json')),
    ...(await readMlflow(place)),
    ...(await readEvents(place)),
  ];
}

/** One value a name: the first finding's; its course may come from a later one. */
function merged(findings: readonly SourcedFinding[]): Pick<ReadEvidence, 'metrics' | 'details'> {
  const metrics = new Map<string, ReadEvidence['metrics'][number]>();
  const details = new Map<string, Detail>();
  for (const { metrics: numbers, details: words, source } of findings) {
    for (const metric of numbers) {
      const known = metrics.get(metric.name);
      if (known === undefined && metrics.size < maxFound) metrics.set(metric.name, { ...metric, source });
      else if (known !== undefined && known.course.length === 0) metrics.set(metric.name, { ...known, course: metric.course });
    }
    for (const detail of words) if (!details.has(detail.name) && details.size < maxFound) details.set(detail.name, { ...detail, source });
  }
  return { metrics: [...metrics.values()], details: [...details.values()] };
}

function printOf(files: readonly BesideFile[], alsoModel: boolean): string {
  const hash = createHash('sha256');
  for (const { path, bytes, changedMs } of files)
    if (kindOf(path) !== null || (alsoModel && isModelFile(path))) hash.update(`${JSON.stringify(path)} ${bytes} ${changedMs}\n`);
  return hash.digest('base64url').slice(0, 22);
}

/** Whether a version's own files are as they were, whatever lies beside it. */
function isSame(before: EvidenceRequest['known'][string] | undefined, print: string): boolean {
  return before !== undefined && before.fingerprint !== '' && before.print.split(' ')[1] === print.split(' ')[1];
}

/** The base folder's own files, without its versions and what no training leaves. */
async function readBase(base: string, versions: EvidenceRequest['versions']): Promise<readonly BesideFile[]> {
  if (versions.some(({ path }) => path === base)) return [];
  const folders = new Set(versions.map(({ path }) => relative(base, path).split(sep)[0]));
  const enter = (path: string): boolean =>
    !folders.has(path) && !/(^|\/)(\.[^/]*|node_modules|__pycache__|variables|artifacts)$/.test(path);
  return readBeside(base, maxBaseFiles, enter);
}

/**
 * Reads what lies beside versions that have changed since `known`. Every file is bounded; a damaged one is told in `unread`. A
 * version whose files change or go meanwhile is left out: the next look has it.
 */
export async function readEvidence({ base, versions, known }: EvidenceRequest): Promise<readonly ReadEvidence[]> {
  const baseFiles = await readBase(base, versions);
  const basePrint = printOf(baseFiles, false);
  const listed = await Promise.all(
    versions.map(async ({ version, path }) => {
      const files = await readBeside(path, maxFiles);
      return { version, path, files, print: `${basePrint} ${printOf(files, true)}` };
    }),
  );
  const changed = listed.filter(({ version, print }) => known[version]?.print !== print);
  if (changed.length === 0) return [];
  const numbers = new Set(versions.map(({ version }) => version));
  const versionOfRun = new Map<string, string>();
  const common = { base, versions: numbers, versionOfRun };
  const own = new Map<string, { readonly findings: readonly SourcedFinding[]; readonly unread: readonly string[] }>();
  // All of them, since a version's MLmodel says which run of the base folder is its own.
  for (const { version, path, files } of listed) {
    if (!changed.some((one) => one.version === version) && !files.some((file) => kindOf(file.path) === 'mlmodel')) continue;
    const place: Place = { ...common, folder: path, files, unread: [], ownVersion: version };
    const findings = await readPlace(place);
    own.set(version, { findings: findings.filter((one) => one.version === null || one.version === version), unread: place.unread });
  }
  const basePlace: Place = { ...common, folder: base, files: baseFiles, unread: [], ownVersion: null };
  const ofBase = await readPlace(basePlace);
  const evidence: ReadEvidence[] = [];
  for (const { version, path, files, print } of changed) {
    const { findings = [], unread = [] } = own.get(version) ?? {};
    try {
      evidence.push({
        version,
        print,
        fingerprint: isSame(known[version], print) ? (known[version]?.fingerprint ?? '') : await readContentFingerprint(path, files),
        ...merged([...findings, ...ofBase.filter((one) => one.version === version), ...ofBase.filter((one) => one.version === null)]),
        unread: [...unread, ...basePlace.unread].slice(0, maxUnread),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }
  return evidence;
}
