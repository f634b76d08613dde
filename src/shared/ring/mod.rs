//! A bounded queue in shared memory.

mod consumer;
mod end;
mod error;
mod fields;
mod items;
mod producer;
mod span;

pub use consumer::RingConsumer;
pub use end::RingPeer;
pub use error::{RingError, RingIndex, RingOpenError};
pub use fields::{RingFields, RingItem};
pub use producer::RingProducer;
