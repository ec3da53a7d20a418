import { controlGateway } from '../gateway/controlGateway.ts';
import { exitCode, type CommandIo } from './commandIo.ts';

/** `slipway gateway SOCKET`: what an owner starts to stand at a serving's address. It says nothing, and is told everything over its socket. */
export async function runGateway([path = '']: readonly string[], io: CommandIo): Promise<number> {
  return (await controlGateway(path, { signal: io.signal })) ? exitCode.done : exitCode.failed;
}
