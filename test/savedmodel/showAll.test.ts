import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { showAll } from '../../src/main/cli/showAll.ts';
import { inspectFolder } from '../../src/main/savedmodel/inspectFolder.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { corpus } from './corpus.ts';

/** The tool prints ops and dictionaries in a hash's order: their parts are compared sorted. */
const sortParts = (line: string): string => {
  const at = /contains the following ops: \{|Value: \{/.exec(line)?.index;
  return at === undefined
    ? line
    : line.slice(0, at) + line.slice(at).replace(/[{}]/g, '').split(/: |, /).filter(Boolean).toSorted().join(' ');
};

/** Options of a function are numbered by names that loading gives anew, which the file does not tell: compared as a set. */
function lines(text: string): readonly string[] {
  const [head = '', ...functions] = text.trimEnd().split(/\n(?= {2}Function Name)/);
  const sorted = functions.map((one) => {
    const [name = '', ...options] = one.trimEnd().split(/\n {4}Option #\d+/);
    return [name, ...options.map((option) => option.split('\n').map(sortParts).join('\n')).toSorted()].join('\nOption');
  });
  return [...head.split('\n').map(sortParts), ...sorted];
}

describe.skipIf(!fixtures())(fixtures() ? 'inspect --show-all' : `inspect --show-all [${whyNoFixtures}]`, () => {
  test.each(corpus().models.map(({ path, goldens }) => [path, goldens] as const))(
    'prints %s as saved_model_cli does',
    async (path, goldens) => {
      const folder = join(fixtures() ?? '', 'models');
      const { versions } = await inspectFolder(join(folder, path), { signal: new AbortController().signal });
      const [version] = versions;
      if (version === undefined) throw new Error('rejected');
      expect(lines(await showAll(version))).toEqual(lines(readFileSync(join(folder, goldens, 'show_all.txt'), 'utf8')));
    },
  );
});
