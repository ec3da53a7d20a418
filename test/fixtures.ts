import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** What a suite says when it cannot run. */
export const whyNoFixtures = 'skipped: no fixtures';

/** The folder of models, recorded answers and the serving image: `SLIPWAY_FIXTURES`, else `../shared`; undefined where neither is there. */
export function fixtures(): string | undefined {
  const folder = process.env['SLIPWAY_FIXTURES'] ?? join(root, '..', 'shared');
  return existsSync(join(folder, 'models', 'MANIFEST.json')) ? folder : undefined;
}
