import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bin, projectRoot, run } from './run.ts';

const stampFile = join(projectRoot, 'out', '.stamp');

/** What a build depends on: names, sizes and times of the sources and the configuration. */
function inputStamp(): string {
  const hash = createHash('sha256');
  const configuration = ['package.json', 'package-lock.json', 'electron.vite.config.ts', 'tsconfig.base.json'];
  const files = globSync('src/**/*', { cwd: projectRoot }).concat(configuration).toSorted();
  for (const file of files) {
    const facts = statSync(join(projectRoot, file), { throwIfNoEntry: false });
    if (facts?.isFile() === true) hash.update(`${file} ${facts.size} ${facts.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Builds main, preload and renderer where a source has changed since the last build; answers whether it did. */
export async function buildIfNeeded(): Promise<boolean> {
  const stamp = inputStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false;
  const { code, output } = await run(bin('electron-vite'), ['build', '--logLevel', 'warn']);
  if (code !== 0) throw new Error(`the build failed\n${output}`);
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  return true;
}

if (import.meta.main) {
  try {
    process.stderr.write((await buildIfNeeded()) ? 'built\n' : 'up to date\n');
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
