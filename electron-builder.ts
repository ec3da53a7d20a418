import type { Configuration } from 'electron-builder';

/** Packages of the desktop shell. Nothing is compiled: no native module is used. */
const configuration: Configuration = {
  appId: 'dev.slipway.app',
  productName: 'Slipway',
  directories: { output: 'dist', buildResources: 'resources' },
  npmRebuild: false,
  asar: true,
  asarUnpack: ['resources/**'],
  files: ['out/**', 'resources/**', 'package.json', '!node_modules/node-*/**', '!**/*.map'],
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  linux: { target: ['AppImage', 'deb'], category: 'Development', maintainer: 'The Slipway authors' },
  mac: { target: ['dmg'], category: 'public.app-category.developer-tools' },
  win: { target: ['nsis'] },
};

export default configuration;
