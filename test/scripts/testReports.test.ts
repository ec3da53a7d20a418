import { expect, test } from 'vitest';
import { endedSpecs, endedSuites } from '../../scripts/testReports.ts';

test('a suite’s file that fails without a failed test in it is a failure of its own', () => {
  const passed = { status: 'passed', fullName: 'adds', failureMessages: [] };
  const failed = { status: 'failed', fullName: 'adds', failureMessages: ['1 is not 2'] };
  expect(
    endedSuites({
      testResults: [
        { name: 'a.test.ts', status: 'failed', message: 'the hook threw', assertionResults: [{ ...passed, status: 'pending' }] },
        { name: 'b.test.ts', status: 'failed', message: '', assertionResults: [failed] },
        { name: 'c.test.ts', status: 'passed', message: '', assertionResults: [passed] },
      ],
    }),
  ).toEqual([
    { file: 'a.test.ts', name: 'adds', status: 'skipped', said: '' },
    { file: 'a.test.ts', name: 'the file as a whole', status: 'failed', said: 'the hook threw' },
    { file: 'b.test.ts', name: 'adds', status: 'failed', said: '1 is not 2' },
    { file: 'c.test.ts', name: 'adds', status: 'passed', said: '' },
  ]);
});

test('specs are told for each shell; one that passed at the second try says what the first one said', () => {
  const spec = (title: string, projectName: string, status: string, ...said: readonly string[]) => ({
    title,
    file: 'a.spec.ts',
    tests: [{ projectName, status, results: [...said.map((message) => ({ error: { message } })), {}] }],
  });
  expect(
    endedSpecs({
      suites: [{ specs: [spec('opens', 'web', 'flaky', 'not there'), spec('closes', 'desktop', 'skipped')] }],
      specs: [spec('asks', 'web', 'unexpected', 'no', 'no'), spec('answers', 'web', 'expected')],
    }),
  ).toEqual([
    { file: 'a.spec.ts', name: '[web] asks', status: 'failed', said: 'no\nno' },
    { file: 'a.spec.ts', name: '[web] answers', status: 'passed', said: '' },
    { file: 'a.spec.ts', name: '[web] opens', status: 'passed', said: 'not there' },
    { file: 'a.spec.ts', name: '[desktop] closes', status: 'skipped', said: '' },
  ]);
});
