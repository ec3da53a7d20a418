import { contextBridge, ipcRenderer, webUtils } from 'electron';

/**
 * The whole bridge of the desktop window: it opens the port to main, and turns a dropped file into a ticket. The page gets no
 * path: the path goes from here to main. The port is handed to this very window, with the nonce that it asked by.
 */
ipcRenderer.on('slipway:port', (event, nonce: unknown) => {
  window.postMessage({ kind: 'slipway:port', nonce }, location.origin, [...event.ports]);
});

contextBridge.exposeInMainWorld('slipwayShell', {
  openPort: (nonce: string): void => ipcRenderer.send('slipway:open', nonce),
  ticketFor: (file: File): Promise<unknown> => ipcRenderer.invoke('slipway:ticket', webUtils.getPathForFile(file)),
});
