//! What comes out, from outside: ordinary texts, attacks, and texts made to be slow.

mod attacks;
mod hostile;
mod ordinary;
mod reading;
