import { app } from 'electron';
import type { GatewayProgram } from '../gateway/startGateway.ts';

/** The command line of this app that becomes a gateway: a utility process would end with the window's process. */
export const desktopGateway = (): GatewayProgram => [process.execPath, ...(app.isPackaged ? [] : [app.getAppPath()]), 'gateway'];
