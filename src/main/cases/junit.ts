import type { CaseResult } from '../../shared/contract/cases.ts';

/** Characters that XML 1.0 cannot hold are left out. */
const escaped = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');

const seconds = (ms: number): string => (ms / 1000).toFixed(6);

/** Results as JUnit's XML, which CI servers read. */
export function junitReport(suite: string, results: readonly CaseResult[]): string {
  const count = (outcome: CaseResult['outcome']): number => results.filter((one) => one.outcome === outcome).length;
  const total = results.reduce((sum, { latencyMs }) => sum + (latencyMs ?? 0), 0);
  const cases = results.map(({ name, outcome, detail, latencyMs }) => {
    const head = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}" time="${seconds(latencyMs ?? 0)}"`;
    if (outcome === 'passed') return `${head}/>`;
    const tag = outcome === 'failed' ? 'failure' : 'error';
    return `${head}>\n      <${tag} message="${escaped(detail ?? '')}"/>\n    </testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${escaped(suite)}" tests="${results.length}" failures="${count('failed')}" errors="${count('not-run')}" time="${seconds(total)}">
${cases.join('\n')}
  </testsuite>
</testsuites>
`;
}
