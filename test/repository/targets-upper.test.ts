/** Both targets decide the same to the last bit: the upper seeds. */
import { SEEDS, sameJournals } from '../support/same-journals.js'

sameJournals(Array.from({ length: SEEDS / 2 }, (_, i) => SEEDS / 2 + i))
