import { once } from 'node:events';
import { obeyOwner } from '../tfserving/engineProcess.ts';
import { createLog } from '../tfserving/modelServerLog.ts';
import { flagsUsage, parseServerFlags } from '../tfserving/serverFlags.ts';
import { startModelServer } from '../tfserving/modelServer.ts';
import { StatusError } from '../tfserving/status.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { version } from './version.ts';

const help = `slipway modelserver [FLAGS]

The embedded engine as a model server, with tensorflow_model_server's flags as they are:
REST and gRPC of TensorFlow Serving, without TensorFlow and without Docker.

Example: slipway modelserver --rest_api_port=8501 --model_name=digits --model_base_path=/models/digits

Flags:
`;

/** What TensorFlow Serving ends with when it cannot start. */
const failedStart = 255;

/** `slipway modelserver`: everything it says is its log, on stderr. */
export async function runModelserver(args: readonly string[], io: CommandIo): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.out(help + flagsUsage());
    return exitCode.done;
  }
  const { flags, warnings, unknown, wrong } = parseServerFlags(args);
  const log = createLog(io.err);
  if (flags.version) {
    io.out(`Slipway ModelServer: ${version}\nTensorFlow Serving's interface: 2.20\n`);
    return exitCode.done;
  }
  for (const arg of unknown) io.err(`unknown argument: ${arg}\n`);
  for (const arg of wrong) log('E', `Couldn't interpret the value of ${arg}`);
  if (unknown.length + wrong.length > 0) io.err(`usage: slipway modelserver\nFlags:\n${flagsUsage()}`);
  if (wrong.length > 0) return failedStart;
  for (const warning of warnings) log('W', warning);
  try {
    obeyOwner();
    const { loadModel } = await import('../engine/loadModel.ts');
    await using server = await startModelServer(flags, { loadModel, log, signal: io.signal });
    void server;
    if (!io.signal.aborted) await once(io.signal, 'abort');
    return exitCode.done;
  } catch (error) {
    if (io.signal.aborted) return exitCode.done;
    if (!(error instanceof StatusError)) throw error;
    io.err(`Failed to start server. Error: ${error.status}: ${error.message}\n`);
    return failedStart;
  }
}
