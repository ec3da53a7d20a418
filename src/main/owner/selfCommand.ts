/**
 * How this program starts itself once more with other arguments: a Node or an unpackaged Electron takes the script first, a
 * package's own binary takes only ours.
 */
export function selfCommand(args: readonly string[]): readonly [file: string, args: readonly string[]] {
  const { versions, defaultApp, execPath, execArgv, argv } = process as NodeJS.Process & { readonly defaultApp?: true };
  const isPackage = versions['electron'] !== undefined && defaultApp === undefined;
  return [execPath, isPackage ? args : [...execArgv, argv[1] ?? '', ...args]];
}
