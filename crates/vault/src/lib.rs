//! The key plane: random keys that can be destroyed, and nothing else.
//!
//! It has a database of its own, apart from the data, and knows nothing of forms.
