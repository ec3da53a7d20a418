import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelConfig } from './modelServerConfig.ts';
import type { WriteLog } from './modelServerLog.ts';

/** A version that shall be served. */
export interface AspiredVersion {
  readonly version: bigint;
  readonly path: string;
}

const maxInt64 = 9_223_372_036_854_775_807n;

/** TensorFlow's strict int64: `00005` is 5, `-7` is -7, `v4` and `1.5` are none. */
function versionOf(name: string): bigint | undefined {
  if (!/^[+-]?\d{1,40}$/.test(name)) return undefined;
  const version = BigInt(name.startsWith('+') ? name.slice(1) : name);
  return version > maxInt64 || version < -maxInt64 - 1n ? undefined : version;
}

/** The versions under a base path, highest first. Throws where there is no such folder. */
async function readVersions(basePath: string, log: WriteLog): Promise<readonly AspiredVersion[]> {
  const found = new Map<bigint, string>();
  for (const name of (await readdir(basePath)).toSorted()) {
    const version = versionOf(name);
    const path = join(basePath, name);
    if (version === undefined || (await stat(path).catch(() => null))?.isDirectory() !== true) continue;
    const first = found.get(version);
    if (first === undefined) found.set(version, path);
    else log('W', `Duplicate version directories detected. Version ${version} will be loaded from ${first}, ${path} will be ignored.`);
  }
  return Array.from(found, ([version, path]) => ({ version, path })).toSorted((a, b) => (a.version < b.version ? 1 : -1));
}

/**
 * Which versions of a model shall be served now, by its policy and what lies under its base path; undefined where that cannot be
 * told: then what is served stays. Says what is missing, every time it is asked, as TensorFlow Serving does.
 */
export async function aspiredVersions(
  { name, basePath, versions: policy }: ModelConfig,
  log: WriteLog,
): Promise<readonly AspiredVersion[] | undefined> {
  let found: readonly AspiredVersion[];
  try {
    found = await readVersions(basePath, log);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const reason =
      code === 'ENOENT'
        ? `NOT_FOUND: ${basePath} not found`
        : code === 'EACCES'
          ? `PERMISSION_DENIED: ${basePath}; Permission denied`
          : `FAILED_PRECONDITION: ${basePath}; ${code}`;
    log(
      'E',
      `FileSystemStoragePathSource encountered a filesystem access error: Could not find base path ${basePath} for servable ${name} with error ${reason}`,
    );
    return undefined;
  }
  let aspired = found;
  if (policy.kind === 'latest') aspired = found.slice(0, policy.count);
  else if (policy.kind === 'specific') {
    for (const version of policy.versions)
      if (!found.some((one) => one.version === version))
        log(
          'W',
          `Version ${version} of servable ${name}, which was requested to be served as a 'specific' version in the servable's version policy, was not found in the file system`,
        );
    aspired = found.filter(({ version }) => policy.versions.includes(version));
  }
  if (aspired.length === 0)
    log(
      'W',
      `No versions of servable ${name} found under base path ${basePath}. Did you forget to name your leaf directory as a number (eg. '/1/')?`,
    );
  return aspired;
}
