/** What only runtimes with files have. */
export { FileLibrary } from './file-library.js'
