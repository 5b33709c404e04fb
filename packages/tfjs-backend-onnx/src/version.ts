/** Version of this package, as in its package.json: files that another version saved are compiled anew. */
export const VERSION = '0.1.0';
