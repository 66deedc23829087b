//! The pure core of Homeostat. No clock, no I/O, no threads, no ambient randomness.
