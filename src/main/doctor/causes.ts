import { AppError, type ErrorCode, type ErrorData } from '../../shared/contract/errors.ts';
import type { Cause, LogLine } from '../../shared/contract/serving.ts';

/** A cause that a line of the server's log names. */
export interface Diagnosis {
  readonly cause: Cause;
  readonly error: AppError;
  /** It may pass by itself, for a copy may be under way: wait a little before giving up. */
  readonly mayPass: boolean;
}

interface Rule {
  /** The failure mode's number, as in the list of failure modes that support speaks of. */
  readonly id: string;
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly data?: (match: RegExpExecArray) => ErrorData;
  readonly mayPass?: boolean;
}

/** Checked in this order; the first that fits a line is its cause. Texts are matched after the file and line, case-insensitively. */
const rules: readonly Rule[] = [
  {
    id: 'F05',
    pattern: /filesystem access error: .*Permission denied|Permission denied.*saved_model|PERMISSION_DENIED.*\/models\//i,
    code: 'MODEL_UNREADABLE',
    data: () => ({ path: '' }),
  },
  {
    id: 'F04',
    pattern: /filesystem access error: Could not find base path (\S+) for servable/i,
    code: 'BASE_PATH_MISSING',
    data: ([, path = '']) => ({ detail: `It looks for ${path}. The folder was moved, or the mount has another name.` }),
    mayPass: true,
  },
  {
    id: 'F01',
    pattern: /No versions of servable (\S+) found under base path (\S+?)\.?(?: Did you|$)/i,
    code: 'NO_VERSION_FOUND',
    data: ([, , path = '']) => ({
      detail: `There is no numbered folder under ${path}. Choose the folder above the versions, or serve this one as version 1.`,
    }),
    mayPass: true,
  },
  {
    id: 'F13',
    pattern: /Op type not registered '([^']+)'/i,
    code: 'OP_UNKNOWN',
    data: ([, op = '']) => ({ op }),
  },
  {
    id: 'F11',
    pattern: /Could not find meta graph def matching supplied tags: \{ ?(.*?) ?\}/i,
    code: 'NO_SERVE_GRAPH',
    data: ([, tags = '']) => ({ tags: `it looked for ${tags}` }),
  },
  {
    id: 'F10',
    pattern:
      /Could not find SavedModel \.pb or \.pbtxt at supplied export directory path: \S*?(\d+)\.? |version: (\d+)\}.*does not appear to contain a SavedModel bundle/i,
    code: 'NO_SAVED_MODEL_PB',
    data: ([, path, servable]) => ({ version: path ?? servable ?? '' }),
  },
  {
    id: 'F12',
    pattern:
      /no variables; no checkpoints were restored|Attempting to use uninitialized value|Could not find variable|Failed to find any matching files for|variables\.(?:index|data)[^;]*; No such file|Read less bytes than requested|Unable to read file .*variables\.index|TensorBundle at .* Checksum does not match|not found in checkpoint|OUT_OF_RANGE: Read|Restoring from checkpoint failed/i,
    code: 'WEIGHTS_MISSING',
  },
  {
    id: 'F23',
    pattern: /port is already allocated|address already in use|Couldn't bind to port (\d+)|Failed to start HTTP Server/i,
    code: 'PORT_TAKEN',
    data: ([, port = '0']) => ({ port: Number(port), owner: 'another program', free: 0 }),
  },
  {
    id: 'F15',
    pattern: /Illegal instruction/i,
    code: 'LOAD_FAILED',
    data: () => ({ detail: 'This processor lacks instructions that the image was built for.' }),
  },
  {
    id: 'F17',
    pattern: /exec format error/i,
    code: 'LOAD_FAILED',
    data: () => ({ detail: 'The image is for another processor architecture.' }),
  },
  {
    id: 'F19',
    pattern: /std::bad_alloc/i,
    code: 'LOAD_FAILED',
    data: () => ({ detail: 'It could not get enough memory. Raise the limit.' }),
  },
  {
    id: 'F14',
    pattern: /NodeDef mentions attr '([^']+)' not in Op/i,
    code: 'LOAD_FAILED',
    data: () => ({ detail: 'The model was exported by a newer TensorFlow than this image holds. Use a newer image.' }),
  },
  {
    id: 'F38',
    pattern: /Invalid protobuf file|Error parsing text-format (\S+):/i,
    code: 'LOAD_FAILED',
    data: () => ({ detail: 'A configuration file does not parse.' }),
  },
  // The outermost sentence is the last to be looked at: what it quotes is told by the rules above.
  {
    id: 'F36',
    pattern:
      /did not become available: \{+name: \S+ version: (\d+)\} due to error: (.*?)\},? ?\}?$|^Failed to start server\. Error: (.*)$|^Servable .* cannot be loaded: (.*)$/i,
    code: 'LOAD_FAILED',
    data: ([, , inner, whole, failed]) => ({ detail: inner ?? whole ?? failed ?? '' }),
  },
];

const comparable = (message: string): string => message.replace(/\d+/g, '#');

/** Watches the lines of one server's start; the first cause stays, its repeats are counted. */
export function createDiagnosis(): { readonly feed: (line: LogLine) => Diagnosis | null; readonly current: () => Diagnosis | null } {
  let found: Diagnosis | null = null;
  return {
    current: () => found,
    feed({ message }) {
      if (found !== null) {
        if (comparable(message) === comparable(found.cause.line))
          found = { ...found, cause: { ...found.cause, times: found.cause.times + 1 } };
        // What may pass gives way to what will not.
        else if (!found.mayPass) return found;
      }
      for (const { id, pattern, code, data, mayPass = false } of rules) {
        const match = pattern.exec(message);
        if (match === null) continue;
        if (found === null || (found.mayPass && !mayPass))
          found = { cause: { id, line: message, times: 1 }, error: new AppError(code, data?.(match) ?? {}), mayPass };
        break;
      }
      return found;
    },
  };
}
