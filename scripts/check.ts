import { buildIfNeeded } from './build.ts';
import { gates } from './gates.ts';
import { projectRoot } from './run.ts';

/** Runs every gate and tells each in a line; answers how many held and how many did not. */
export async function checkAll(): Promise<{ readonly passed: number; readonly failed: number }> {
  await buildIfNeeded();
  let failed = 0;
  for (const gate of gates) {
    const wrong = await gate.check(projectRoot);
    process.stderr.write(wrong === '' ? `ok      ${gate.name}\n` : `FAILED  ${gate.name}\n${wrong}\n`);
    if (wrong !== '') failed += 1;
  }
  return { passed: gates.length - failed, failed };
}

if (import.meta.main) {
  const { failed } = await checkAll();
  process.exitCode = failed === 0 ? 0 : 1;
}
