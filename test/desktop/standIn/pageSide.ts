import type { Packed } from './ports.ts';

/** Runs in the page before anything else: what the preload finds as `electron`. */
export function pageSide(): void {
  interface Side {
    [name: string]: unknown;
    standInCall(...args: unknown[]): Promise<unknown>;
  }
  const side = globalThis as unknown as Side;
  const listeners = new Map<string, ((event: unknown, message: unknown) => void)[]>();
  const ports = new Map<number, MessagePort>();
  const handedOn = new Map<number, MessagePort>();
  const files: File[] = [];
  side['standIn'] = {
    file: (at: number) => files[at],
    post: (id: number, data: Packed) =>
      ports.get(id)?.postMessage('text' in data ? data.text : Uint8Array.from(atob(data.base64), (one) => one.charCodeAt(0))),
    // Electron tells a page that the other end closed; Chromium alone does not.
    end: (id: number) => handedOn.get(id)?.dispatchEvent(new Event('close')),
    deliver(channel: string, message: unknown, id: number) {
      const { port1, port2 } = new MessageChannel();
      ports.set(id, port1);
      // The preload hands it on: a port that moved is another object then.
      window.addEventListener('message', ({ data, ports: [port] }: MessageEvent<{ readonly nonce?: unknown } | null>) => {
        if (data?.nonce === message && port !== undefined) handedOn.set(id, port);
      });
      port1.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        const packed =
          typeof data === 'string'
            ? { text: data }
            : data instanceof Uint8Array
              ? { base64: btoa(Array.from(data, (one) => String.fromCharCode(one)).join('')) }
              : { other: true };
        void side.standInCall('port', id, packed);
      });
      port1.start();
      for (const listener of listeners.get(channel) ?? []) listener({ ports: [port2] }, message);
    },
  };
  side['open'] = (url: string) => {
    void side.standInCall('open', new URL(url, location.href).href);
    return null;
  };
  side['standInElectron'] = {
    contextBridge: { exposeInMainWorld: (name: string, api: unknown) => (side[name] = api) },
    ipcRenderer: {
      on: (channel: string, listener: (event: unknown, message: unknown) => void) =>
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      send: (channel: string, ...args: unknown[]) => void side.standInCall('send', channel, ...args),
      invoke: (channel: string, ...args: unknown[]) => side.standInCall('invoke', channel, ...args),
    },
    // Main asks Chromium for the path of the file that stands at this place.
    webUtils: { getPathForFile: (file: File) => `stand-in file ${files.push(file) - 1}` },
  };
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    void side.standInCall('violation', `${effectiveDirective} ${blockedURI}`);
  });
  void side.standInCall('document');
}
