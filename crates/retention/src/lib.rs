//! What visitors submitted and asked for.
//!
//! The only crate in which personal data exists in clear: for a recorded purpose, for a moment. Here are the rules, which
//! know no database and no clock: how a submission lives and when it falls due ([`life`]), who may read it for what
//! ([`purpose`]), when the sweep must not go on by itself ([`sweep`]), and what keeps robots
//! from the door without asking who knocks ([`intake`]). Start reading at [`life::State`].

pub mod intake;
pub mod life;
pub mod purpose;
pub mod sweep;
