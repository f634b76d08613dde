//! Sequential models for the linearizability checker.

use std::collections::VecDeque;

use super::linear::Model;

/// A bounded queue whose `Full` and `Empty` must be true when they are said.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Queue {
    pub(crate) capacity: usize,
    pub(crate) items: VecDeque<u32>,
}

#[derive(Clone, Debug)]
pub(crate) enum QueueCall {
    Push(u32),
    Pop,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum QueueAnswer {
    Pushed,
    Full,
    Popped(u32),
    Empty,
}

impl Model for Queue {
    type Call = QueueCall;
    type Answer = QueueAnswer;

    fn step(&self, call: &QueueCall, answer: &QueueAnswer) -> Option<Self> {
        let mut next = self.clone();
        let truth = match call {
            QueueCall::Push(_) if self.items.len() == self.capacity => QueueAnswer::Full,
            QueueCall::Push(item) => {
                next.items.push_back(*item);
                QueueAnswer::Pushed
            }
            QueueCall::Pop => {
                next.items.pop_front().map_or(QueueAnswer::Empty, QueueAnswer::Popped)
            }
        };
        (truth == *answer).then_some(next)
    }
}

/// One value; a read that gives up is always allowed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Register(pub(crate) u32);

#[derive(Clone, Debug)]
pub(crate) enum RegisterCall {
    Write(u32),
    Add(u32),
    Read,
    Take,
    Swap(u32),
    /// The answer is the value that was replaced, or none if it was not the one given first.
    CompareExchange(u32, u32),
}

impl Model for Register {
    type Call = RegisterCall;
    type Answer = Option<u32>;

    fn step(&self, call: &RegisterCall, answer: &Option<u32>) -> Option<Self> {
        match call {
            RegisterCall::Write(value) => Some(Self(*value)),
            RegisterCall::Add(n) => Some(Self(self.0 + n)),
            RegisterCall::Read => answer.is_none_or(|seen| seen == self.0).then(|| self.clone()),
            RegisterCall::Take => (*answer == Some(self.0)).then_some(Self(0)),
            RegisterCall::Swap(value) => (*answer == Some(self.0)).then_some(Self(*value)),
            RegisterCall::CompareExchange(current, new) => match answer {
                Some(seen) => (seen == current && *seen == self.0).then_some(Self(*new)),
                None => (*current != self.0).then(|| self.clone()),
            },
        }
    }
}
