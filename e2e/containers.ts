import { docker } from './programs.ts';

/** Removes the containers that mount anything of a folder: what a spec served, also where it failed. */
export async function removeContainersOf(folder: string): Promise<void> {
  const ids = (await docker('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
  for (const id of ids) {
    // One that has gone meanwhile has nothing to tell and needs no removal.
    const mounts = await docker('inspect', '--format', '{{range .Mounts}}{{.Source}}\n{{end}}', id).catch(() => '');
    if (mounts.split('\n').some((source) => source.startsWith(folder))) await docker('rm', '--force', '--volumes', id).catch(() => '');
  }
}
