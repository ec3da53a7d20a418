import { parseArgs, type ParseArgsConfig } from 'node:util';
import { exitCode, type CommandIo } from './commandIo.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: O & typeof always }>>;

const always = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const;

/** Parses a command's arguments; a number is the exit code where help was asked for or the usage is wrong, and all is told then. */
export function parseUsage<const O extends Options>(
  args: readonly string[],
  io: CommandIo,
  { help, options, positionals }: { readonly help: string; readonly options: O; readonly positionals: readonly [min: number, max: number] },
): Parsed<O> | number {
  try {
    const parsed = parseArgs({ args: [...args], allowPositionals: true, options: { ...options, ...always } });
    if ((parsed.values as { readonly help?: boolean }).help === true) {
      io.out(help);
      return exitCode.done;
    }
    if (parsed.positionals.length >= positionals[0] && parsed.positionals.length <= positionals[1]) return parsed;
    io.err(help);
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
  return exitCode.usage;
}
