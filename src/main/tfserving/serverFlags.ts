import { availableParallelism } from 'node:os';

/**
 * `tensorflow_model_server`'s flags as of release 2.20, with its defaults, and two of our own. `ignored` says why a flag has no
 * effect here; it is told when the flag is given a value other than its default.
 */
interface Flag {
  readonly type: 'int' | 'bool' | 'string' | 'float';
  readonly value: string;
  readonly says: string;
  readonly ignored?: string;
}

const threads = String(4 * availableParallelism());
const noGpu = 'there is no GPU support';
const noTflite = 'there is no TensorFlow Lite';
const noXla = 'there is no XLA';

const flags = {
  port: { type: 'int', value: '8500', says: 'gRPC port; 0 switches gRPC off' },
  grpc_socket_path: { type: 'string', value: '', says: 'a UNIX socket for gRPC beside the port' },
  rest_api_port: { type: 'int', value: '0', says: 'REST port; 0 switches REST off; must differ from --port' },
  bind_address: { type: 'string', value: '127.0.0.1', says: "the address that both servers listen on (Slipway's own)" },
  max_request_bytes: { type: 'int', value: '268435456', says: "the largest REST body in bytes, inflated (Slipway's own)" },
  max_requests: {
    type: 'int',
    value: '1024',
    says: "requests that are worked on at a time, of REST and of gRPC; more are answered 503 (Slipway's own)",
  },
  rest_api_num_threads: { type: 'int', value: threads, says: 'threads for REST', ignored: 'one thread reads all requests' },
  rest_api_timeout_in_ms: { type: 'int', value: '30000', says: 'when a REST call is given up' },
  rest_api_enable_cors_support: { type: 'bool', value: 'false', says: 'CORS headers in answers' },
  enable_batching: { type: 'bool', value: 'false', says: 'joins requests that come together' },
  allow_version_labels_for_unavailable_models: { type: 'bool', value: 'false', says: 'new labels for versions that are not there yet' },
  batching_parameters_file: { type: 'string', value: '', says: 'BatchingParameters as text' },
  enable_per_model_batching_parameters: {
    type: 'bool',
    value: 'false',
    says: "batching_params.pbtxt in a version's folder",
  },
  model_config_file: { type: 'string', value: '', says: 'ModelServerConfig as text: several models, policies, labels' },
  model_config_file_poll_wait_seconds: { type: 'int', value: '0', says: 'how often that file is read again; 0: once' },
  model_name: { type: 'string', value: 'default', says: "the model's name, without --model_config_file" },
  model_base_path: { type: 'string', value: '', says: 'the folder of its versions, without --model_config_file' },
  num_load_threads: { type: 'int', value: '0', says: 'threads to load with', ignored: 'versions load one after the other' },
  num_unload_threads: { type: 'int', value: '0', says: 'threads to unload with', ignored: 'unloading needs none' },
  max_num_load_retries: { type: 'int', value: '5', says: 'how often a failed load is tried again' },
  load_retry_interval_micros: { type: 'int', value: '60000000', says: 'how long between two tries' },
  file_system_poll_wait_seconds: { type: 'int', value: '1', says: 'how often base paths are looked at; 0: once; negative: never' },
  flush_filesystem_caches: { type: 'bool', value: 'true', says: 'gives file caches back after loading', ignored: 'the system sees to it' },
  tensorflow_session_parallelism: { type: 'int', value: '0', says: 'threads within and between ops' },
  tensorflow_session_config_file: { type: 'string', value: '', says: 'ConfigProto as text', ignored: 'there is no TensorFlow session' },
  tensorflow_intra_op_parallelism: { type: 'int', value: '0', says: 'threads within one op' },
  tensorflow_inter_op_parallelism: { type: 'int', value: '0', says: 'ops at the same time' },
  use_alts_credentials: { type: 'bool', value: 'false', says: 'Google ALTS', ignored: 'there is no ALTS' },
  ssl_config_file: { type: 'string', value: '', says: 'SSLConfig as text: TLS for gRPC' },
  platform_config_file: { type: 'string', value: '', says: 'PlatformConfigMap as text', ignored: 'there is one platform' },
  per_process_gpu_memory_fraction: { type: 'float', value: '0.000000', says: 'share of a GPU', ignored: noGpu },
  saved_model_tags: { type: 'string', value: 'serve', says: 'tags of the meta graph, with commas between' },
  grpc_channel_arguments: { type: 'string', value: '', says: 'name=value of gRPC, with commas between' },
  grpc_max_threads: { type: 'int', value: threads, says: 'threads for gRPC', ignored: 'one thread reads all requests' },
  enable_model_warmup: { type: 'bool', value: 'true', says: "replays a version's tf_serving_warmup_requests before it is available" },
  num_request_iterations_for_warmup: { type: 'int', value: '0', says: 'how often each of them' },
  version: { type: 'bool', value: 'false', says: 'tells the version and ends' },
  monitoring_config_file: { type: 'string', value: '', says: 'MonitoringConfig as text: Prometheus metrics' },
  remove_unused_fields_from_bundle_metagraph: { type: 'bool', value: 'true', says: 'saves memory', ignored: 'they are never kept' },
  prefer_tflite_model: { type: 'bool', value: 'false', says: 'model.tflite first', ignored: noTflite },
  num_tflite_pools: { type: 'int', value: '2', says: 'TensorFlow Lite', ignored: noTflite },
  num_tflite_interpreters_per_pool: { type: 'int', value: '1', says: 'TensorFlow Lite', ignored: noTflite },
  enable_signature_method_name_check: { type: 'bool', value: 'false', says: "classify and regress want the signature's method name" },
  xla_cpu_compilation_enabled: { type: 'bool', value: 'false', says: 'XLA', ignored: noXla },
  xla_gpu_compilation_enabled: { type: 'bool', value: 'false', says: 'XLA', ignored: noXla },
  enable_profiler: { type: 'bool', value: 'true', says: 'the profiler service', ignored: 'there is no profiler' },
  thread_pool_factory_config_file: { type: 'string', value: '', says: 'ThreadPoolConfig as text', ignored: 'there is one pool' },
  mixed_precision: { type: 'string', value: '', says: 'bfloat16', ignored: 'values are computed in their own type' },
  skip_initialize_tpu: { type: 'bool', value: 'false', says: 'TPU', ignored: 'there is no TPU' },
  enable_grpc_healthcheck_service: { type: 'bool', value: 'false', says: 'grpc.health.v1.Health' },
  enable_serialization_as_tensor_content: { type: 'bool', value: 'false', says: 'answers over gRPC as raw bytes instead of lists' },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof flags;
type ValueOf<F extends Flag> = F['type'] extends 'bool' ? boolean : F['type'] extends 'string' ? string : number;
/** Every flag's value. */
export type ServerFlags = { readonly [N in FlagName]: ValueOf<(typeof flags)[N]> };

/** What a command line says. */
export interface ParsedFlags {
  readonly flags: ServerFlags;
  /** To be told before the server starts: unknown arguments, flags without an effect here. */
  readonly warnings: readonly string[];
  /** An argument was not understood: usage is printed, and the server goes on, as the genuine one does. */
  readonly unknown: readonly string[];
  /** A known flag with a value it cannot have: the server does not start. */
  readonly wrong: readonly string[];
}

const isKnown = (name: string): name is FlagName => Object.hasOwn(flags, name);

function valueOf(type: Flag['type'], text: string): string | number | boolean | undefined {
  switch (type) {
    case 'string':
      return text;
    case 'bool':
      return /^(true|1|)$/i.test(text) ? true : /^(false|0)$/i.test(text) ? false : undefined;
    case 'int':
      return /^-?\d+$/.test(text) ? Number(text) : undefined;
    case 'float':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
  }
}

/** Reads `--flag=value`, `--flag value` and `--flag`; the last of a repeated flag counts. */
export function parseServerFlags(args: readonly string[]): ParsedFlags {
  const values = new Map<string, string | number | boolean>(
    Object.entries<Flag>(flags).map(([name, { type, value }]) => [name, valueOf(type, value) ?? value]),
  );
  const warnings: string[] = [];
  const unknown: string[] = [];
  const wrong: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const [, name = '', inline] = /^--?([A-Za-z]\w*)(?:=(.*))?$/s.exec(arg) ?? [];
    if (!isKnown(name)) {
      unknown.push(arg);
      continue;
    }
    const flag: Flag = flags[name];
    let text = inline;
    if (text === undefined) {
      const next = args[index + 1];
      const takesNext = next !== undefined && !next.startsWith('--') && (flag.type !== 'bool' || /^(true|false)$/i.test(next));
      text = takesNext ? next : '';
      if (takesNext) index += 1;
    }
    const value = valueOf(flag.type, text);
    if (value === undefined || (flag.type === 'string' && inline === undefined && text === '')) {
      wrong.push(arg);
      continue;
    }
    values.set(name, value);
    if (flag.ignored !== undefined && value !== valueOf(flag.type, flag.value))
      warnings.push(`--${name} has no effect here: ${flag.ignored}`);
  }
  return { flags: Object.fromEntries(values) as ServerFlags, warnings, unknown, wrong };
}

/** All flags with their defaults, a line each. */
export function flagsUsage(): string {
  return Object.entries<Flag>(flags)
    .map(([name, { type, value, says, ignored }]) => {
      const start = `--${name}=${type === 'string' ? `"${value}"` : value}`;
      return `\t${start.padEnd(33)}\t${type}\t${says}${ignored === undefined ? '' : ` (no effect: ${ignored})`}\n`;
    })
    .join('');
}
