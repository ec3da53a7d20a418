import { AppError } from '../../shared/contract/errors.ts';

/** Flags that the plan itself sets: another value would leave Slipway with a wrong picture. */
const planned = new Set([
  'port',
  'rest_api_port',
  'model_name',
  'model_base_path',
  'model_config_file',
  'model_config_file_poll_wait_seconds',
  'saved_model_tags',
  'max_num_load_retries',
  'grpc_socket_path',
  'use_alts_credentials',
  'ssl_config_file',
  'version',
  'help',
  'platform_config_file',
]);
const plannedVariables = new Set(['MODEL_NAME', 'MODEL_BASE_PATH', 'PATH']);

/** Refuses flags that would break the plan, and what is no flag at all. */
export function checkFlags(flags: readonly string[]): void {
  for (const flag of flags) {
    const name = /^--?([A-Za-z][\w-]*)(?:=.*)?$/s.exec(flag)?.[1];
    if (name === undefined) throw new AppError('FLAG_REFUSED', { flag, detail: 'Write it as --name=value.' });
    if (planned.has(name))
      throw new AppError('FLAG_REFUSED', {
        flag: `--${name}`,
        detail: 'Slipway sets it itself from the name, the versions and the ports.',
      });
  }
}

/** Refuses variables that would break the plan or are no variable's name. */
export function checkEnvironment(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new AppError('ENV_REFUSED', { name, detail: 'A name has letters, digits and _.' });
    if (plannedVariables.has(name)) throw new AppError('ENV_REFUSED', { name, detail: 'Slipway sets it itself.' });
    if (value.includes('\0')) throw new AppError('ENV_REFUSED', { name, detail: 'Its value holds a zero byte.' });
  }
}
