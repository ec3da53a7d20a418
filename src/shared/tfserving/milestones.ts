/** How far a server has come, in its own order (log lines of TensorFlow Serving 2.x). */
export interface Milestone {
  readonly id:
    | 'config'
    | 'adding'
    | 'reserved'
    | 'loading'
    | 'reading'
    | 'restoring'
    | 'initialising'
    | 'loaded-graph'
    | 'loaded'
    | 'grpc'
    | 'rest'
    | 'serving';
  readonly version: string | null;
}

const table: readonly (readonly [Milestone['id'], RegExp])[] = [
  ['config', /^Building single TensorFlow model file config/],
  ['adding', /^Adding\/updating models\./],
  ['reserved', /^Successfully reserved resources to load servable \{name: .* version: (\d+)\}/],
  ['loading', /^Loading servable version \{name: .* version: (\d+)\}/],
  ['reading', /^Reading SavedModel from: .*?\/?(\d+)?$/],
  ['restoring', /^Restoring SavedModel bundle\./],
  ['initialising', /^Running initialization op on SavedModel bundle/],
  ['loaded-graph', /^SavedModel load for tags \{.*\}; Status: success/],
  ['loaded', /^Successfully loaded servable version \{name: .* version: (\d+)\}/],
  ['grpc', /^Running gRPC ModelServer at /],
  ['rest', /^Exporting HTTP\/REST API at/],
  ['serving', /^NET_LOG: Entering the event loop/],
];

/** The milestone that a log message marks, or null. */
export function milestoneOf(message: string): Milestone | null {
  for (const [id, pattern] of table) {
    const match = pattern.exec(message);
    if (match !== null) return { id, version: match[1] ?? null };
  }
  return null;
}
