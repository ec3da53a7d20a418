import { connect } from './app/connection.web.ts';
import { openWindow } from './app/openWindow.tsx';

// The link's code is taken out of the address before the router reads it.
openWindow(connect());
