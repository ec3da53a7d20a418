import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { phraseZh } from '../../src/renderer/i18n/phrasesZh.ts';

const root = resolve(import.meta.dirname, '../..');

/** The short English texts that main's sources hold: task names, reasons and details, places filled with a word. */
function phrasesOfMain(): readonly string[] {
  const sources = globSync('src/main/**/*.ts', { cwd: root }).map((file) => readFileSync(resolve(root, file), 'utf8'));
  return sources
    .flatMap((text) => [...text.matchAll(/tasks\.run\(\s*(?:`([^`]+)`|'([^']+)')|kind: 'not-tried',\s*reason: (?:`([^`]+)`|'([^']+)')/g)])
    .map((match) => match.slice(1).find((text) => text !== undefined) ?? '')
    .map((text) => text.replaceAll(/\$\{[^}]+\}/g, 'x'));
}

/** The details that the doctor gives to a failure. */
function detailsOfDoctor(): readonly string[] {
  const text = readFileSync(resolve(root, 'src/main/doctor/causes.ts'), 'utf8');
  return [...text.matchAll(/detail: (?:`([^`]+)`|'([^']+)')/g)].map(([, a, b]) => (a ?? b ?? '').replaceAll(/\$\{[^}]+\}/g, 'x'));
}

/** What a switch says of its steps. */
function wordsOfSwitch(): readonly string[] {
  const [run = '', steps = ''] = ['runSwitch', 'switches'].map((name) =>
    readFileSync(resolve(root, `src/main/serving/${name}.ts`), 'utf8'),
  );
  const skipped = [...`${run}${steps}`.matchAll(/'skipped', '([^']+)'\)/g)];
  const words = [...(/const stepWords[^{]+\{([^}]+)\}/.exec(steps)?.[1] ?? '').matchAll(/: '([^']+)'/g)];
  return [...skipped, ...words].map(([, text = '']) => text);
}

test('every task name, reason and detail of main is told in Chinese, and what is not known stays as it is', () => {
  const phrases = [...phrasesOfMain(), ...detailsOfDoctor(), ...wordsOfSwitch()];
  expect(wordsOfSwitch().length).toBeGreaterThan(10);
  expect(phrases.length).toBeGreaterThan(15);
  expect(phrases.filter((text) => !/\p{Script=Han}/u.test(phraseZh(text)))).toEqual([]);
  expect([phraseZh('Pull tensorflow/serving:latest'), phraseZh('Exporting HTTP/REST API')]).toEqual([
    '拉取 tensorflow/serving:latest',
    'Exporting HTTP/REST API',
  ]);
});
