import { safeStorage } from 'electron';
import type { SecretBox } from '../docker/typedCredentials.ts';

/** The system's key store, by Electron; none where it only pretends to be one (Linux without a keyring). Asked once the app is ready. */
export function systemSecretBox(): SecretBox | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined;
  if (process.platform === 'linux' && ['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend())) return undefined;
  return {
    seal: (text) => safeStorage.encryptString(text),
    open: (sealed) => safeStorage.decryptString(Buffer.from(sealed)),
  };
}
