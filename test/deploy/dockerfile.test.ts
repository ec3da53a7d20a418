import { expect, test } from 'vitest';
import fc from 'fast-check';
import { basesOf, dockerfileText, instructionsOf, type DockerfileFacts } from '../../src/main/deploy/dockerfile.ts';

const facts: DockerfileFacts = {
  name: 'iris',
  base: 'tensorflow/serving:2.19.1',
  baseDigest: null,
  versions: [{ version: '3', fingerprint: 'sha256:ab', tensorflow_version: '2.21.0' }],
};
const plain = { form: 'hardened', monitoring: false } as const;
const wordsOf = (text: string): readonly string[] => instructionsOf(text).map((one) => one.text.split(' ')[0] ?? '');

test('the simplest form is the three lines that everybody knows', () => {
  expect(dockerfileText(facts, { ...plain, form: 'simplest' })).toBe(
    'FROM tensorflow/serving:2.19.1\nCOPY models/iris /models/iris\nENV MODEL_NAME=iris\n',
  );
});

test('a Dockerfile says what is copied, who runs it, how it is asked and what it is', () => {
  const text = dockerfileText(
    { ...facts, base: 'r.example/tfs:1@sha256:cd', baseDigest: 'sha256:cd' },
    { ...plain, monitoring: true, batching: 'max_batch_size { value: 8 }' },
  );
  expect(wordsOf(text)).toEqual(['FROM', 'COPY', 'ENV', 'ENTRYPOINT', 'USER', 'EXPOSE', 'HEALTHCHECK', 'LABEL']);
  const part = (word: string): string => instructionsOf(text).find((one) => one.text.startsWith(word))?.text ?? '';
  expect([part('FROM'), part('USER'), part('EXPOSE')]).toEqual(['FROM r.example/tfs:1@sha256:cd', 'USER 1000:1000', 'EXPOSE 8500 8501']);
  for (const flag of [
    '--enable_batching',
    '--batching_parameters_file=/slipway/batching.config',
    '--monitoring_config_file=/slipway/monitoring.config',
  ])
    expect(part('ENTRYPOINT')).toContain(flag);
  // What the builder reads as JSON is JSON.
  for (const word of ['ENTRYPOINT', 'HEALTHCHECK']) expect(Array.isArray(JSON.parse(part(word).replace(/^[^[]*/, '')))).toBe(true);
  expect(part('LABEL')).toContain('org.opencontainers.image.base.name="r.example/tfs:1"');
  expect(part('LABEL')).toContain('org.opencontainers.image.base.digest="sha256:cd"');
});

test('nothing of a label’s value is read by the builder, whatever a model says of its TensorFlow', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (tensorflow_version) => {
      const text = dockerfileText({ ...facts, versions: [{ version: '1', fingerprint: 'f', tensorflow_version }] }, plain);
      const label = instructionsOf(text).at(-1);
      const value = /dev\.slipway\.tensorflow="((?:[^"\\]|\\.)*)"$/.exec(label?.text ?? '')?.[1];
      expect(value?.replace(/\\(.)/g, '$1')).toBe(tensorflow_version.replace(/\p{Cc}/gu, ' '));
      expect(value).not.toMatch(/(^|[^\\])(\\\\)*\$/);
    }),
  );
});

test('instructions are numbered as the builder numbers them, by their first lines', () => {
  const text = '# syntax\n\nFROM a AS b\nRUN one \\\n  # a remark\n  two\r\n\nCOPY . /\n';
  expect(instructionsOf(text)).toEqual([
    { line: 3, text: 'FROM a AS b' },
    { line: 4, text: 'RUN one  two' },
    { line: 8, text: 'COPY . /' },
  ]);
});

test('the images that a Dockerfile begins with are told, but no stage of its own and none that is not known yet', () => {
  expect(
    basesOf(
      'ARG V\nFROM --platform=linux/amd64 python:3 AS Make\nFROM make\nFROM scratch\nFROM tf:$V\nfrom tensorflow/serving\nFROM python:3\n',
    ),
  ).toEqual(['python:3', 'tensorflow/serving']);
});
