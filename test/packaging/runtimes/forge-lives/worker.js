// The package's worker, with a device that the page can take from it.
import './lose.js'
import '/package/dist/esm/forge-worker.js'
