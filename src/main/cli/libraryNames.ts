import { AppError } from '../../shared/contract/errors.ts';
import type { AppState, Model } from '../../shared/contract/state.ts';

/** A model by its name or id. MODEL_NOT_FOUND names those that there are. */
export function findModel({ models }: Pick<AppState, 'models'>, name: string): Model {
  const found = models.find((one) => one.name === name) ?? models.find((one) => one.id === name);
  if (found === undefined) throw new AppError('MODEL_NOT_FOUND', { name, known: models.map((one) => one.name).join(', ') || 'none' });
  return found;
}

/**
 * `NAME@V`, `NAME@v3`, `NAME@latest`; `NAME` alone is its newest version, or with `whole` the model itself (null).
 * VERSION_NOT_FOUND names those that there are.
 */
export function findVersion(
  state: Pick<AppState, 'models'>,
  text: string,
  { whole = false }: { readonly whole?: boolean } = {},
): { readonly model: Model; readonly version: string | null } {
  const at = text.lastIndexOf('@');
  const model = findModel(state, at < 0 ? text : text.slice(0, at));
  if (at < 0 && whole) return { model, version: null };
  const wanted = at < 0 ? 'latest' : text.slice(at + 1).replace(/^v(?=\d)/i, '');
  const known = model.record.versions.map(({ version }) => version);
  const version = wanted === 'latest' ? known[0] : known.find((one) => one === wanted);
  if (version === undefined)
    throw new AppError('VERSION_NOT_FOUND', { version: wanted, name: model.name, known: known.join(', ') || 'none' });
  return { model, version };
}
