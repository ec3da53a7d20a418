import { describe, expect, it } from 'vitest';
import type { RequestProblem } from '../../src/shared/contract/predict.ts';
import { modeReasonWords, remedyWords, requestProblemWords } from '../../src/renderer/features/playground/requestWords.ts';
import { requestProblems } from '../../src/main/predict/requestProblem.ts';

const problem = (id: string): RequestProblem => ({
  id,
  input: 'x',
  output: 'y',
  dimension: 2,
  row: 3,
  expected: '4',
  got: '5',
  known: ['a', 'b'],
  remedies: [],
});

describe('words of a refusal', () => {
  it('are there in both languages for every refusal that is known', () => {
    const missing = requestProblems.flatMap(({ id }) =>
      (['en', 'zh'] as const)
        .filter((language) => (requestProblemWords(problem(id), language) ?? '') === '')
        .map((language) => `${id} ${language}`),
    );
    expect(missing).toEqual([]);
  });

  it('name the field, the row and what there is', () => {
    expect([
      requestProblemWords(problem('F44.type'), 'en'),
      requestProblemWords(problem('F42.version'), 'zh'),
      requestProblemWords(problem('F99'), 'en'),
      requestProblemWords(null, 'en'),
    ]).toEqual(['x: 5 is not 4.', '版本 5 未加载。正在服务：a, b。', null, null]);
  });

  it('say why a mode was taken and what a button does', () => {
    expect([
      modeReasonWords({ kind: 'type', tensor: 'h', side: 'input', dtype: 'float16' }, 'en'),
      remedyWords({ kind: 'mode', mode: 'grpc' }, 'en'),
      remedyWords({ kind: 'fix', input: 'x', fix: { kind: 'reshape', shape: [1, 2] } }, 'en'),
      remedyWords({ kind: 'flag', flag: '--a=1' }, 'zh'),
    ]).toEqual(['JSON cannot carry h, float16', 'Ask by gRPC', 'Reshape to [1, 2]', '以 --a=1 重启']);
  });
});
