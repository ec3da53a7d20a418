import { connect } from './app/connection.desktop.ts';
import { openWindow } from './app/openWindow.tsx';

openWindow(await connect());
