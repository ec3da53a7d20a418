import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fixtures, whyNoFixtures } from '../fixtures.ts';

/** The image that the suites serve with. */
export const testImage = 'tensorflow/serving:latest';

/** Why the suites on a real engine cannot run here; undefined where they can. */
export function whyNoEngine(): string | undefined {
  if (fixtures() === undefined) return whyNoFixtures;
  if (!existsSync('/var/run/docker.sock')) return 'skipped: no container engine';
  try {
    execFileSync('docker', ['image', 'inspect', testImage], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `skipped: the engine has no ${testImage}`;
  }
}

/** The engine of the suites. */
export const testEndpoint = 'unix:///var/run/docker.sock';
