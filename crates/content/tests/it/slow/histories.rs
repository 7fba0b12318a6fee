//! More random histories.

use crate::histories::play;
use bonafide_test_support::{Installation, slow_on_both};

slow_on_both! {
    async fn the_snapshot_is_true_whatever_happens_elsewhere(home: &Installation) {
        play(home, 1..4).await;
    }
}
