import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { LoadModel } from '../engine/loadedModel.ts';
import { ServerCredentials, type Server as GrpcServerHandle } from '@grpc/grpc-js';
import { batchingParametersFromText, type BatchingParameters } from './batcher.ts';
import { GrpcServer } from './grpcServer.ts';
import { Inference } from './inference.ts';
import { LeaseLimit } from './leaseLimit.ts';
import { ServerMetrics } from './metrics.ts';
import { ModelManager } from './modelManager.ts';
import { InvalidConfigText, configMessage, modelServerConfigFromText, type ModelConfig } from './modelServerConfig.ts';
import type { WriteLog } from './modelServerLog.ts';
import { ModelSources } from './modelSources.ts';
import { RestServer } from './restServer.ts';
import { loadServable, type Servable } from './servable.ts';
import type { ServerFlags } from './serverFlags.ts';
import { StatusError, invalid } from './status.ts';

async function readConfigFile(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    // An empty file is more likely to be on its way than to mean nothing.
    if (text === '') throw invalid(`${path}; Invalid argument`);
    return text;
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new StatusError('NOT_FOUND', `${path}; ${code === 'ENOENT' ? 'No such file or directory' : code}`, { cause: error });
  }
}

/** What a text says; one that is no message is told in the log, with line and column. */
function parsed<T>(log: WriteLog, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidConfigText) log('E', error.logLine);
    throw error;
  }
}

async function fromFile<T>(path: string, log: WriteLog, parse: (text: string) => T): Promise<T> {
  const text = await readConfigFile(path);
  return parsed(log, () => parse(text));
}

/** `--monitoring_config_file`: where metrics are exposed. Source: monitoring_config.proto. */
function metricsPathOf(text: string, file: string): string | undefined {
  const reader = configMessage(
    text,
    { prometheus_config: [1, { enable: [1, 'bool'], path: [2, 'string'] }] },
    { name: 'MonitoringConfig', file },
  );
  let [isEnabled, path] = [false, '/monitoring/prometheus/metrics'];
  while (reader.next()) {
    const prometheus = reader.message();
    while (prometheus.next()) {
      if (prometheus.field === 1) isEnabled = prometheus.varint() !== 0;
      else path = prometheus.string();
    }
  }
  return isEnabled ? path : undefined;
}

/** Which models the flags name: a file's, or the one of `--model_base_path`. */
async function configuredModels(flags: ServerFlags, log: WriteLog): Promise<readonly ModelConfig[]> {
  const { model_config_file: file, model_name: name, model_base_path: basePath } = flags;
  if (file !== '') return fromFile(file, log, (text) => modelServerConfigFromText(text, file));
  if (basePath === '') throw invalid('Both server_options.model_base_path and server_options.model_config_file are empty!');
  log('I', `Building single TensorFlow model file config:  model_name: ${name} model_base_path: ${basePath}`);
  if (!basePath.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(basePath))
    throw invalid(`Expected model ${name} to have an absolute path or URI; got base_path()=${basePath}`);
  return [{ name, basePath, versions: { kind: 'latest', count: 1 }, labels: new Map() }];
}

/** What versions are batched with: one setting for all, or the version's own `batching_params.pbtxt`. */
async function batchingOf(flags: ServerFlags, log: WriteLog): Promise<(path: string) => Promise<BatchingParameters | undefined>> {
  const file = flags.batching_parameters_file;
  const isOn = flags.enable_batching;
  if (file !== '' && !isOn)
    throw invalid('server_options.batching_parameters_file is set without setting server_options.enable_batching to true.');
  if (!isOn) return () => Promise.resolve(undefined);
  const read = (from: string): Promise<BatchingParameters> =>
    fromFile(from, log, (text) => {
      const made = batchingParametersFromText(text, from);
      for (const name of made.withoutEffect) log('W', `${from}: ${name} has no effect here.`);
      return made;
    });
  const parameters = file === '' ? batchingParametersFromText('', '') : await read(file);
  if (!flags.enable_per_model_batching_parameters) return () => Promise.resolve(parameters);
  return async (path) => {
    const own = join(path, 'batching_params.pbtxt');
    return existsSync(own) ? read(own) : undefined;
  };
}

/** Reads the file again and again and serves what it says; where it says nothing sensible, what is served stays. */
function watchConfigFile(file: string, seconds: number, sources: ModelSources<Servable>, log: WriteLog): Disposable {
  const end = new AbortController();
  let tried: string | undefined;
  let told = '';
  const tell = (error: unknown): void => {
    const problem = error instanceof StatusError ? `${error.status}: ${error.message}` : String(error);
    if (end.signal.aborted || problem === told) return;
    told = problem;
    log('E', `PollFilesystemAndReloadConfig failed to ReloadConfig with error: ${problem}`);
  };
  const apply = async (models: readonly ModelConfig[], text: string): Promise<void> => {
    try {
      await sources.configure(models, { signal: end.signal });
      told = '';
    } catch (error) {
      tell(error);
      // Tried again: a label's version may be on its way.
      if (tried === text) tried = undefined;
    }
  };
  const look = async (): Promise<void> => {
    try {
      const text = await readConfigFile(file);
      if (text === tried) return;
      tried = text;
      // A newer text need not wait until all that the last one names is there.
      void apply(
        parsed(log, () => modelServerConfigFromText(text, file)),
        text,
      );
    } catch (error) {
      tell(error);
    }
  };
  const timer = setInterval(() => void look(), seconds * 1000);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      end.abort();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** In-flight requests have so long when the server is told to end. */
const goodbyeMs = 5_000;

/** `--grpc_channel_arguments`: name=value with commas between; a whole number is one. */
function channelArguments(text: string): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => {
        const at = pair.indexOf('=');
        const value = pair.slice(at + 1);
        return [pair.slice(0, at).trim(), /^-?\d+$/.test(value) ? Number(value) : value];
      }),
  );
}

/** `--ssl_config_file`. Source: ssl_config.proto. */
function credentialsOf(text: string, file: string): ServerCredentials {
  const reader = configMessage(
    text,
    { server_key: [1, 'string'], server_cert: [2, 'string'], custom_ca: [3, 'string'], client_verify: [4, 'bool'] },
    { name: 'SSLConfig', file },
  );
  let [key, certificate, ca, verify] = ['', '', '', false];
  while (reader.next()) {
    if (reader.field === 1) key = reader.string();
    else if (reader.field === 2) certificate = reader.string();
    else if (reader.field === 3) ca = reader.string();
    else verify = reader.varint() !== 0;
  }
  try {
    return ServerCredentials.createSsl(
      ca === '' ? null : Buffer.from(ca),
      [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }],
      verify,
    );
  } catch (error) {
    throw invalid(`The certificate or key of ${file} is not right: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function bind(server: GrpcServerHandle, address: string, credentials: ServerCredentials): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.bindAsync(address, credentials, (error) => {
    if (error === null) resolve();
    else reject(new StatusError('UNAVAILABLE', `Failed to start gRPC server at ${address}`, { cause: error }));
  });
  return promise;
}

async function closeGrpc(server: GrpcServerHandle): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    server.forceShutdown();
    resolve();
  }, goodbyeMs);
  server.tryShutdown(() => resolve());
  await promise;
  clearTimeout(timer);
}

async function closeRest(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), goodbyeMs);
  await promise;
  clearTimeout(timer);
}

export interface ModelServerOptions {
  readonly loadModel: LoadModel;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
}

/**
 * Starts what the flags say and answers when every model does; the servers run until it is disposed of. Throws StatusError in
 * TensorFlow Serving's words, and nothing is left running then.
 */
export async function startModelServer(flags: ServerFlags, { loadModel, log, signal }: ModelServerOptions): Promise<AsyncDisposable> {
  await using undo = new AsyncDisposableStack();
  const models = await configuredModels(flags, log);
  const batchingFor = await batchingOf(flags, log);
  const { port, rest_api_port: restPort, bind_address: host, monitoring_config_file: monitoring } = flags;
  const metricsPath = monitoring === '' ? undefined : await fromFile(monitoring, log, (text) => metricsPathOf(text, monitoring));
  if (port === 0 && restPort === 0) throw invalid('Both --port and --rest_api_port are 0: there is nothing to serve at');
  if (!isLoopback(host)) log('W', `--bind_address=${host}: whoever reaches this machine over its network can use this server`);
  const metrics = new ServerMetrics();
  const parallelism = flags.tensorflow_session_parallelism;
  const threads = {
    intraOpThreads: flags.tensorflow_intra_op_parallelism || parallelism,
    interOpThreads: flags.tensorflow_inter_op_parallelism || parallelism,
  };
  const tags = flags.saved_model_tags.split(',').map((tag) => tag.trim());
  const warmupIterations = flags.enable_model_warmup ? flags.num_request_iterations_for_warmup : undefined;
  const servableOptions = { loadModel, tags, threads, batchingFor, warmupIterations, log, metrics };
  const manager = undo.use(
    new ModelManager<Servable>((aspired, options) => loadServable(aspired, servableOptions, options), log, {
      retries: flags.max_num_load_retries,
      intervalMs: flags.load_retry_interval_micros / 1000,
    }),
  );
  const sources = undo.use(
    new ModelSources(manager, log, {
      pollSeconds: flags.file_system_poll_wait_seconds,
      allowUnavailableLabels: flags.allow_version_labels_for_unavailable_models,
    }),
  );
  await sources.configure(models, { signal });
  const { model_config_file: configFile, model_config_file_poll_wait_seconds: pollSeconds } = flags;
  if (configFile !== '' && pollSeconds > 0) undo.use(watchConfigFile(configFile, pollSeconds, sources, log));
  const limit = new LeaseLimit(manager, flags.max_requests);
  const inference = new Inference(metrics, { checkMethodName: flags.enable_signature_method_name_check });
  const socket = flags.grpc_socket_path;
  if (port !== 0 || socket !== '') {
    const ssl = flags.ssl_config_file;
    const credentials = ssl === '' ? ServerCredentials.createInsecure() : await fromFile(ssl, log, (text) => credentialsOf(text, ssl));
    if (ssl === '') log('I', 'Using InsecureServerCredentials');
    const server = new GrpcServer({
      manager,
      inference,
      metrics,
      reload: (wanted, options) => sources.configure(wanted, options),
      asContent: flags.enable_serialization_as_tensor_content,
      hasHealth: flags.enable_grpc_healthcheck_service,
      limit,
      channelArguments: channelArguments(flags.grpc_channel_arguments),
    }).create();
    undo.defer(() => closeGrpc(server));
    if (port !== 0) await bind(server, `${host.includes(':') ? `[${host}]` : host}:${port}`, credentials);
    if (socket !== '') await bind(server, `unix:${socket}`, ServerCredentials.createInsecure());
    log('I', `Running gRPC ModelServer at ${port === 0 ? `unix:${socket}` : `${host}:${port}`} ...`);
  }
  if (restPort !== 0 && restPort === port) {
    const same =
      'server_options.http_port cannot be same as grpc_port. Please use a different port for HTTP/REST API. Skipped exporting HTTP/REST API.';
    log('E', same);
    throw invalid(same);
  }
  if (restPort !== 0) {
    const server = new RestServer({
      manager,
      inference,
      metrics,
      metricsPath,
      timeoutMs: flags.rest_api_timeout_in_ms,
      hasCors: flags.rest_api_enable_cors_support,
      maxRequestBytes: flags.max_request_bytes,
      limit,
    }).create();
    undo.defer(() => closeRest(server));
    try {
      await listen(server, restPort, host);
    } catch (error) {
      log('E', `NET_LOG: Couldn't bind address ${host} to port ${restPort}`);
      throw new StatusError('UNAVAILABLE', `Failed to start HTTP Server at localhost:${restPort}`, { cause: error });
    }
    log('I', `Exporting HTTP/REST API at:localhost:${restPort} ...`);
    log('I', 'NET_LOG: Entering the event loop ...');
  }
  const running = undo.move();
  return { [Symbol.asyncDispose]: () => running.disposeAsync() };
}
