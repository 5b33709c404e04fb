// What needs Node: the rest of this package also runs in a browser.
export { packageVersion } from './package-version.js';
export { freePort } from './free-port.js';
export { removeTemporaryFiles } from './temporary-files.js';
