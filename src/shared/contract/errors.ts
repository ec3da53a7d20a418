/** One kind of failure: its title and advice may hold `{name}` places, filled from the error's data. */
export interface ErrorEntry {
  readonly title: string;
  readonly advice: string;
  readonly retryable: boolean;
}

/** Every failure a person can meet, with the words they meet it in. The 中文 words stand in the renderer's catalogue under the same code. */
export const errorTable = {
  INTERNAL: {
    title: 'Something went wrong inside Slipway',
    advice: 'Try again. If it stays, report incident {incident}.',
    retryable: true,
  },
  BAD_INPUT: { title: 'This request is not understood', advice: '{detail}', retryable: false },
  CANCELLED: { title: 'Stopped', advice: 'It was stopped before it was done.', retryable: true },
  CONNECTION_LOST: { title: 'The connection to Slipway was lost', advice: 'It reconnects by itself; servings go on.', retryable: true },
  OWNER_UNREACHABLE: {
    title: 'The Slipway that owns {home} does not answer',
    advice: 'End process {pid}, then try again.',
    retryable: true,
  },
  DATA_FOLDER_UNUSABLE: { title: 'The data folder {path} cannot be used', advice: '{detail}', retryable: false },
  WEB_SHELL_NOT_RUNNING: { title: 'No web shell runs', advice: 'Start one with: slipway web', retryable: true },
  NOT_YET: { title: '{what} is not there yet', advice: '{detail}', retryable: false },
  // files and imports
  TICKET_EXPIRED: { title: 'This folder was dropped too long ago', advice: 'Drop it again.', retryable: false },
  FOLDER_REJECTED: { title: '{name} is no usable SavedModel', advice: '{detail}', retryable: false },
  PATH_REFUSED: { title: 'This path is not allowed', advice: '{detail}', retryable: false },
  FILE_UNREADABLE: { title: '{path} cannot be read', advice: '{detail}', retryable: true },
  UPLOAD_TOO_LARGE: {
    title: 'That is more than {limit}',
    advice: 'Choose the folder from the tree instead: it is then linked, not copied.',
    retryable: false,
  },
  ARCHIVE_REFUSED: { title: 'This archive cannot be unpacked safely', advice: '{detail}', retryable: false },
  MODEL_LIMIT: { title: 'The file passes a limit', advice: '{detail}', retryable: false },
  MODEL_NOT_FOUND: { title: 'No model is called {name}', advice: 'Known: {known}.', retryable: false },
  MODEL_IN_USE: { title: '{name} is being served', advice: 'Stop its servings first.', retryable: false },
  LINKED_FOLDER: {
    title: '{name} is your own folder',
    advice: 'Slipway deletes nothing there. Delete version {version} yourself; it then goes from the list.',
    retryable: false,
  },
  REMOVAL_CHANGED: { title: 'What would be removed has changed', advice: 'Look at {name} again, then decide.', retryable: true },
  NAME_TAKEN: { title: 'The name {name} is taken', advice: 'Choose another, for example {free}.', retryable: false },
  NAME_INVALID: { title: '{name} cannot be a name', advice: 'Use letters, digits, _ . and -, at most 128 of them.', retryable: false },
  // Docker
  DOCKER_NOT_RUNNING: { title: 'Docker is not running', advice: 'Start Docker, then press Retry. Looked at: {looked}.', retryable: true },
  DOCKER_NOT_LOCAL: {
    title: 'This Docker is not on this machine',
    advice: '{endpoint} is a remote engine: not usable yet. Choose a local one.',
    retryable: false,
  },
  DOCKER_FORBIDDEN: {
    title: 'Docker does not let this user in',
    advice: 'Add yourself to the docker group, or choose another engine. {endpoint}',
    retryable: true,
  },
  DOCKER_ERROR: { title: 'Docker refused', advice: '{detail}', retryable: true },
  IMAGE_NOT_FOUND: {
    title: 'The image {image} was not found',
    advice: 'Check its name and tag in the settings, or log in to its registry.',
    retryable: false,
  },
  IMAGE_PULL_FAILED: { title: 'The image {image} could not be pulled', advice: '{detail}', retryable: true },
  IMAGE_RATE_LIMITED: {
    title: 'The registry limits anonymous pulls',
    advice: 'Wait, log in, use a mirror, or load the image from a file.',
    retryable: true,
  },
  IMAGE_WRONG_ARCHITECTURE: {
    title: 'The image {image} is for {image_arch}, this engine runs {engine_arch}',
    advice: 'Choose an image for {engine_arch} in the settings.',
    retryable: false,
  },
  IMAGE_AUTH: {
    title: 'The registry wants a login for {image}',
    advice: 'Run docker login, or give the credentials in the settings.',
    retryable: false,
  },
  IMAGE_PUSH_FAILED: { title: 'The image {image} could not be pushed', advice: '{detail}', retryable: true },
  BUILD_FAILED: { title: 'The image could not be built', advice: '{detail}', retryable: true },
  DOCKERFILE_WRONG: { title: 'Line {line} of the Dockerfile cannot be built', advice: '{detail}', retryable: false },
  BASE_NOT_PINNABLE: {
    title: 'The image {image} has no digest of a registry',
    advice: 'It was built or loaded on this machine. Bake without the digest, or push it to a registry and pull it from there.',
    retryable: false,
  },
  DISK_FULL: { title: 'The disk is full', advice: 'Free some space, then try again.', retryable: true },
  PORT_TAKEN: { title: 'Port {port} is in use by {owner}', advice: 'Use {free} instead, or stop {owner}.', retryable: false },
  MOUNT_MISSING: {
    title: 'The folder {path} is not there',
    advice: 'It was moved or deleted. Put it back, or add the model again.',
    retryable: true,
  },
  MOUNT_DENIED: {
    title: 'Docker may not read {path}',
    advice: 'Share this folder with Docker in its settings, or copy the model into Slipway.',
    retryable: true,
  },
  MODEL_UNREADABLE: {
    title: 'The container may not read the model',
    advice: 'Its files belong to another user. Give reading rights: chmod -R o+rX {path}.',
    retryable: true,
  },
  // cases
  CASE_UNREADABLE: { title: 'The case {file} cannot be read', advice: '{detail}', retryable: false },
  CASE_EXISTS: { title: 'There is a case {name} already', advice: 'Give this one another name, or replace that one.', retryable: false },
  // serving
  SERVING_NOT_FOUND: { title: 'No serving is called {name}', advice: 'Known: {known}.', retryable: false },
  SERVING_RUNNING: { title: '{name} is already being served', advice: 'Stop it first, or give this one another name.', retryable: false },
  FLAG_REFUSED: { title: 'The flag {flag} would break this serving', advice: '{detail}', retryable: false },
  ENV_REFUSED: { title: 'The variable {name} would break this serving', advice: '{detail}', retryable: false },
  NO_VERSION_FOUND: { title: 'TensorFlow Serving finds no version in the folder', advice: '{detail}', retryable: true },
  BASE_PATH_MISSING: { title: 'TensorFlow Serving does not find the model folder', advice: '{detail}', retryable: true },
  NO_SAVED_MODEL_PB: {
    title: 'There is no saved_model.pb in version {version}',
    advice: 'Export the model again with model.export(dir), or wait until the copy is complete.',
    retryable: true,
  },
  NO_SERVE_GRAPH: {
    title: 'No graph is tagged serve',
    advice: 'Export with the tag serve, or choose the tags that are there: {tags}.',
    retryable: false,
  },
  WEIGHTS_MISSING: {
    title: 'The weights are missing or incomplete',
    advice: 'Copy the variables folder once more; if the copy still runs, wait for it.',
    retryable: true,
  },
  OP_UNKNOWN: {
    title: 'TensorFlow Serving does not know the op {op}',
    advice: 'The model needs a custom op that this image lacks. Export it without that op, or use an image that has it.',
    retryable: false,
  },
  LOAD_FAILED: { title: 'TensorFlow Serving could not load the model', advice: '{detail}', retryable: true },
  CANARY_FAILED: { title: 'The model loads, but does not answer', advice: '{detail}', retryable: true },
  CONTAINER_ENDED: { title: 'The server ended by itself', advice: 'Exit code {exit_code}. {detail}', retryable: true },
  ENGINE_HUNG: { title: 'The embedded engine hung', advice: 'It said nothing for {seconds} s and was ended.', retryable: true },
  OUT_OF_MEMORY: {
    title: 'The server ran out of memory',
    advice: 'It was limited to {limit}. Raise the limit, or serve fewer versions.',
    retryable: true,
  },
  START_TIMEOUT: {
    title: 'The model was not available in time',
    advice: 'It is still loading after {seconds} s. Look at the log, or start it again.',
    retryable: true,
  },
  // switching versions
  SWITCH_FIXED: {
    title: '{name} serves one version alone',
    advice: 'Its versions cannot be changed while it runs: it was started for one folder or image. Start it again for that.',
    retryable: false,
  },
  SWITCH_RUNNING: { title: 'A switch of {name} is under way', advice: 'Wait for it, or stop it.', retryable: true },
  VERSION_UNUSABLE: { title: 'Version {version} of {name} would not serve', advice: '{detail}', retryable: true },
  LABELS_NEED_GUARDED: {
    title: 'Labels need the guarded mode',
    advice: 'A server that follows its folder may unload the version that {label} stands for. Take the label away, or stay guarded.',
    retryable: false,
  },
  MEMORY_TOO_SMALL: {
    title: 'Both versions do not fit into memory',
    advice: '{used} in use and {added} more are above the limit of {limit}. Start it again with a higher limit, or switch anyway.',
    retryable: true,
  },
  CASES_FAILED: {
    title: '{failed} of {count} saved cases fail',
    advice: 'What served before goes on. Look at these cases, or switch anyway: {names}.',
    retryable: true,
  },
  NOTHING_BEFORE: { title: '{name} has served nothing else before', advice: 'There is no state to go back to.', retryable: false },
  SWITCH_INTERRUPTED: {
    title: 'The switch was interrupted',
    advice: 'Slipway ended in the middle of it. Version {versions} is served.',
    retryable: true,
  },
  PLACE_CHANGING: { title: 'The place of {name} is being changed', advice: 'Wait until that is done, or stop its task.', retryable: true },
  CANNOT_JOIN: { title: '{name} cannot be served by the server of {host}', advice: '{detail}', retryable: false },
  SHARED_SERVER: {
    title: '{name} is served by the server of {host}',
    advice: 'Its image, engine and flags are those of {host}: change that one, or stop {name} and serve it by a server of its own.',
    retryable: false,
  },
  NOT_SERVING: { title: '{name} does not serve', advice: 'Start it first.', retryable: false },
  NO_FORMER_PLACE: { title: '{name} has nothing to go back to', advice: 'Its place was not changed since it started.', retryable: false },
  NO_ROOM_BESIDE: {
    title: 'Two of {name} do not fit into memory',
    advice: 'It uses {used} and {free} are free: stop another serving, or start it again with the changes instead.',
    retryable: true,
  },
  CHANGE_INTERRUPTED: {
    title: 'The change of place was interrupted',
    advice: 'Slipway ended in the middle of it. What served before still serves.',
    retryable: true,
  },
  GATEWAY_FAILED: { title: 'The gateway of {name} does not run', advice: '{detail}', retryable: true },
  // prediction
  REQUEST_MISMATCH: { title: 'The input does not fit the signature', advice: '{detail}', retryable: false },
  SIGNATURE_NOT_FOUND: { title: 'There is no signature {signature}', advice: 'Known: {known}.', retryable: false },
  VERSION_NOT_FOUND: { title: 'There is no version {version} of {name}', advice: 'Known: {known}.', retryable: false },
  SERVER_UNREACHABLE: { title: 'Nothing answers at {address}', advice: 'Start the serving, then try again.', retryable: true },
  ANSWER_TIMEOUT: {
    title: 'There was no answer within {seconds} s',
    advice: 'Give it more time, or send fewer rows at once.',
    retryable: true,
  },
  EXCHANGE_GONE: { title: 'This answer is not kept any more', advice: 'Only the last ones are. Ask again.', retryable: false },
  REQUEST_FORGOTTEN: {
    title: 'This request is not in the history any more',
    advice: 'It made room for others, or was deleted.',
    retryable: false,
  },
  SERVER_REFUSED: { title: 'The server refused the request', advice: '{detail}', retryable: false },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
export type ErrorData = Readonly<Record<string, string | number>>;

/** What crosses a process: words and data, never a stack or a cause. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly title: string;
  readonly advice: string;
  readonly retryable: boolean;
  readonly data: ErrorData;
}

/** Fills `{name}` places from data; an unknown place becomes empty. */
export function fillPlaces(template: string, data: ErrorData): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(data[name] ?? ''));
}

/** A failure with a code of the table. `cause` stays in this process; only `report()` crosses the wire. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly data: ErrorData;

  constructor(code: ErrorCode, data: ErrorData = {}, options?: { cause?: unknown }) {
    super(fillPlaces(errorTable[code].title, data), options);
    this.code = code;
    this.data = data;
  }

  report(): ErrorReport {
    const { title, advice, retryable } = errorTable[this.code];
    return {
      code: this.code,
      title: fillPlaces(title, this.data),
      advice: fillPlaces(advice, this.data),
      retryable,
      data: this.data,
    };
  }
}
