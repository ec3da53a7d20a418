import type { Configuration } from 'electron-builder';

type Fuses = NonNullable<Configuration['electronFuses']>;

/** Every fuse by name: what Electron's own default is does not matter. */
const fuses: Required<Omit<Fuses, 'resetAdHocDarwinSignature'>> = {
  runAsNode: false,
  enableCookieEncryption: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false,
};

/** Packages of the desktop shell. Nothing is compiled: no native module is used. */
const configuration: Configuration = {
  appId: 'dev.slipway.app',
  productName: 'Slipway',
  directories: { output: 'dist', buildResources: 'resources' },
  npmRebuild: false,
  asar: true,
  // Models are mounted into containers: they must be files of the disk.
  asarUnpack: ['resources/**'],
  files: [
    'out/**',
    'resources/**',
    'package.json',
    '!out/.stamp',
    // The command's Node, for those who run the project.
    '!**/node_modules/node-*/**',
    // Optional parts of ssh2 and of streams in another runtime: binaries, and nothing that we call.
    '!**/node_modules/{cpu-features,nan,buildcheck}/**',
    '!**/node_modules/bare-*/**',
    '!**/*.{node,bare,wasm,exe,dll,so,dylib}',
    '!**/node_modules/**/*.{ts,mts,cts,map,md,markdown,c,cc,h,gyp,gypi,bat}',
    '!**/*.map',
  ],
  electronFuses: fuses,
  linux: { target: ['AppImage', 'deb'], category: 'Development', maintainer: 'The Slipway authors <slipway@localhost>' },
  mac: { target: ['dmg'], category: 'public.app-category.developer-tools' },
  win: { target: ['nsis'] },
};

export default configuration;
