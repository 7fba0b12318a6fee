//! The memory that hashes are computed in, kept and used again.
//!
//! An allocator that gives 19 MiB to many threads in turn keeps them for each of those threads.

use argon2::Block;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroize as _;

/// As many blocks of memory as there were ever hashes at once.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    /// Lends memory for one hash, and wipes it afterwards.
    pub(super) fn with<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut memory = self.free().pop().unwrap_or_default();
        if memory.len() < blocks {
            memory = vec![Block::default(); blocks];
        }
        let result = work(&mut memory[..blocks]);
        memory.iter_mut().for_each(Block::zeroize);
        self.free().push(memory);
        result
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_wiped() {
        let memory = Memory::default();
        let first = memory.with(8, |blocks| blocks.as_ptr() as usize);
        assert_eq!(memory.with(8, |blocks| blocks.as_ptr() as usize), first);
        memory.with(4, |blocks| assert_eq!(blocks.len(), 4));
        assert_eq!(memory.free().len(), 1);
    }
}
