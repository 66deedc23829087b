//! Published benchmark problems and labelled landscapes that the solver is measured on.
