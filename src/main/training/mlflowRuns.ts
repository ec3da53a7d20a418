import { detailOf, measured, type Finding, type FoundDetail, type FoundMetric } from './finding.ts';
import { versionOfKey } from './metricsJson.ts';

/**
 * MLflow's file store: `mlruns/EXPERIMENT/RUN/` with `metrics/NAME` (a line `timestamp value step` a point), `params/NAME`, `tags/NAME`
 * and `meta.yaml`; and the `MLmodel` file of a logged model. Source: MLflow's documentation of its file-based tracking backend.
 */
export interface MlflowRun {
  readonly id: string;
  readonly name: string;
  readonly endedMs: number;
  readonly metrics: readonly FoundMetric[];
  readonly details: readonly FoundDetail[];
  /** Its own word for the version it made, in a tag or in its name. */
  readonly version: string | null;
}

/** Top-level `key: value` lines of a YAML file, quotes taken off; nested ones only by their key, as `key.inner`. */
export function readFlatYaml(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let parent = '';
  for (const line of text.split(/\r?\n/).slice(0, 2_000)) {
    const [, indent = '', key = '', value = ''] = /^( *)([\w.-]+):(?: +(.*))?$/.exec(line) ?? [];
    if (key === '') continue;
    if (indent === '') parent = key;
    const name = indent === '' ? key : `${parent}.${key}`;
    if (indent.length <= 2) values.set(name, value.trim().replace(/^(["'])(.*)\1$/, '$2'));
  }
  return values;
}

/** Python's `float()` of a text: also `nan` and `-inf`; undefined where it is none. */
function readFloat(text: string): number | undefined {
  const word = /^([+-]?)(nan|inf(?:inity)?)$/i.exec(text);
  if (word !== null) return /nan/i.test(text) ? Number.NaN : word[1] === '-' ? -Infinity : Infinity;
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

/** `timestamp value [step]`; a line that is none is passed over and counted. */
function readPoints(text: string): { readonly points: readonly (readonly [number, number])[]; readonly bad: number } {
  const points: (readonly [number, number])[] = [];
  let bad = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const [time = '', value = '', step] = line.trim().split(/\s+/);
    const number = readFloat(value);
    if (number === undefined || !/^-?\d+$/.test(time) || (step !== undefined && !/^-?\d+$/.test(step))) bad += 1;
    else points.push([step === undefined ? points.length : Number(step), number]);
  }
  return { points, bad };
}

const versionTags = ['slipway.version', 'model_version', 'version'];

/** One run out of its files, by their path within the run's folder. Answers also which files were no such thing. */
export function readMlflowRun(
  id: string,
  files: ReadonlyMap<string, string>,
): { readonly run: MlflowRun; readonly bad: readonly string[] } {
  const metrics: FoundMetric[] = [];
  const details: FoundDetail[] = [];
  const tags = new Map<string, string>();
  const bad: string[] = [];
  for (const [path, text] of files) {
    const [, folder = '', name = ''] = /^(metrics|params|tags)\/(.+)$/s.exec(path) ?? [];
    if (folder === 'metrics') {
      const { points, bad: lines } = readPoints(text);
      // A metric may be logged several times a step: the last in the file is the newest.
      const found = measured(name, points);
      metrics.push(...found.metrics);
      details.push(...found.details);
      if (lines > 0) bad.push(path);
    } else if (folder === 'params') details.push(detailOf(name, text.trim()));
    else if (folder === 'tags') {
      tags.set(name, text.trim());
      if (!name.startsWith('mlflow.')) details.push(detailOf(name, text.trim()));
    }
  }
  const meta = readFlatYaml(files.get('meta.yaml') ?? '');
  const name = tags.get('mlflow.runName') ?? meta.get('run_name') ?? '';
  const named = versionTags.map((key) => versionOfKey(tags.get(key) ?? '')).find((one) => one !== null) ?? versionOfKey(name);
  const inName = /[-_ ]v(\d{1,19})$/i.exec(name)?.[1];
  const version = named ?? (inName === undefined ? null : String(BigInt(inName)));
  if (name !== '') details.push(detailOf('mlflow.run', name));
  return { run: { id, name, endedMs: Number(meta.get('end_time') ?? 0) || 0, metrics, details, version }, bad };
}

/** What the `MLmodel` file beside a model says: its run, when it was logged, by which MLflow and with which flavours. */
export function readMlmodel(text: string): { readonly runId: string | null; readonly details: readonly FoundDetail[] } {
  const values = readFlatYaml(text);
  const flavours = [...values.keys()].flatMap((key) => (/^flavors\.[\w-]+$/.test(key) ? [key.slice('flavors.'.length)] : []));
  const told = ['run_id', 'utc_time_created', 'mlflow_version', 'model_uuid'].flatMap((key) => {
    const value = values.get(key) ?? '';
    return value === '' || value === 'null' ? [] : [detailOf(`mlflow.${key}`, value)];
  });
  const runId = values.get('run_id') ?? '';
  return {
    runId: runId === '' || runId === 'null' ? null : runId,
    details: [...told, ...(flavours.length > 0 ? [detailOf('mlflow.flavors', flavours.join(', '))] : [])],
  };
}

/** Which version a run speaks of: the one whose `MLmodel` names it, else the one it names itself. */
export function findingOf(run: MlflowRun, versionOfRun: ReadonlyMap<string, string>): Finding {
  return { version: versionOfRun.get(run.id) ?? run.version, metrics: run.metrics, details: run.details };
}
