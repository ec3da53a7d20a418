/** How one test ended, and what it said where it failed. */
export interface Ended {
  readonly file: string;
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Of the failure, where there was one: of a test that passed, of its first try. */
  readonly said: string;
}

/** The part that is read of vitest's JSON report. */
export interface SuitesReport {
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** The part that is read of Playwright's JSON report, which is a tree. */
export interface SpecsReport {
  readonly suites?: readonly SpecsReport[];
  readonly specs?: readonly {
    readonly title: string;
    readonly file: string;
    readonly tests: readonly {
      readonly projectName: string;
      readonly status: string;
      readonly results: readonly { readonly error?: { readonly message?: string } }[];
    }[];
  }[];
}

/** Tests of a report; a file that failed without a failed test in it (it did not load, a hook threw) is one of its own. */
export function endedSuites({ testResults = [] }: SuitesReport): readonly Ended[] {
  return testResults.flatMap(({ name: file, status: whole, message, assertionResults }) => {
    const tests = assertionResults.map(({ status, fullName, failureMessages = [] }): Ended => {
      return {
        file,
        name: fullName,
        status: status === 'passed' || status === 'failed' ? status : 'skipped',
        said: failureMessages.join('\n'),
      };
    });
    const untold = whole === 'failed' && !tests.some(({ status }) => status === 'failed');
    return untold ? [...tests, { file, name: 'the file as a whole', status: 'failed', said: message }] : tests;
  });
}

/** Specs of a report, in each shell. */
export function endedSpecs({ suites = [], specs = [] }: SpecsReport): readonly Ended[] {
  const own = specs.flatMap(({ title, file, tests }) =>
    tests.map(({ projectName, status, results }): Ended => {
      return {
        file,
        name: `[${projectName}] ${title}`,
        status: status === 'skipped' ? 'skipped' : status === 'unexpected' ? 'failed' : 'passed',
        said: results.flatMap(({ error }) => error?.message ?? []).join('\n'),
      };
    }),
  );
  return [...own, ...suites.flatMap(endedSpecs)];
}
