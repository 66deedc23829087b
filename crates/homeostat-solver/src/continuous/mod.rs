//! Minimisation on the continuous unit box.
