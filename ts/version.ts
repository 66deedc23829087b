/** Of the package; a test holds it to `package.json`, which edge runtimes cannot read. */
export const VERSION = '0.1.0'
