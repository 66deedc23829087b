//! Minimisation over spaces with choices, switches, whole numbers and angles.
