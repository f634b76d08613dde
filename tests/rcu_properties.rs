//! Rcu against its sequential model, on random scripts of calls: what is read, and that exactly what
//! nobody can reach is freed.
#![cfg(feature = "std")]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::rcu::{Guard, Policy, Rcu, Reader, Writer};

#[derive(Clone, Copy, Debug)]
enum Call {
    Store,
    Publish,
    Swap,
    Update,
    CompareExchange(usize),
    /// What was born so many versions before the writer's last one.
    Retire(u64),
    Read,
    ReadByHandle,
    Drop(usize),
    Cached,
    Release,
    NewReader,
    Reclaim,
    Synchronize,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        4 => Just(Call::Store),
        8 => Just(Call::Publish),
        2 => Just(Call::Swap),
        2 => Just(Call::Update),
        2 => any::<usize>().prop_map(Call::CompareExchange),
        12 => (0..12_u64).prop_map(Call::Retire),
        6 => Just(Call::Read),
        4 => Just(Call::ReadByHandle),
        8 => any::<usize>().prop_map(Call::Drop),
        2 => Just(Call::Cached),
        1 => Just(Call::Release),
        1 => Just(Call::NewReader),
        4 => Just(Call::Reclaim),
        1 => Just(Call::Synchronize),
    ];
    vec(call, 0..200)
}

fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::Prompt), Just(Policy::Manual), (0..9_u32).prop_map(Policy::Batch)]
}

/// What is alive: versions by their number, garbage by the versions that reach it and a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Id {
    Version(u64),
    Garbage { birth: u64, death: u64, number: usize },
}

type Living = Arc<Mutex<HashSet<Id>>>;

/// Is among the living until it is dropped.
struct Item {
    id: Id,
    living: Living,
}

impl Item {
    fn new(id: Id, living: &Living) -> Self {
        living.lock().unwrap().insert(id);
        Self { id, living: living.clone() }
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        assert!(self.living.lock().unwrap().remove(&self.id), "dropped twice");
    }
}

/// The cell with all that is held of it, and what the living must be.
struct Checked<'a> {
    cell: &'a Rcu<Item>,
    writer: Writer<'a, Item>,
    reader: Reader<'a, Item>,
    policy: Policy,
    living: Living,
    guards: Vec<Guard<'a, Item>>,
    /// The version that `cached` keeps.
    cached: Option<u64>,
    current: u64,
    written: u64,
    retired: Vec<Id>,
}

impl Checked<'_> {
    fn next(&mut self) -> Item {
        self.current += 1;
        Item::new(Id::Version(self.current), &self.living)
    }

    fn held(&self) -> HashSet<u64> {
        self.guards.iter().map(Guard::version).chain(self.cached).collect()
    }

    /// What must not be freed now, and all that need not be kept is freed after a reclaim.
    fn reachable(&self) -> HashSet<Id> {
        let held = self.held();
        let versions = held.iter().copied().chain([self.current]).map(Id::Version);
        let garbage = self.retired.iter().copied().filter(|id| match *id {
            Id::Garbage { birth, death, .. } => held.iter().any(|v| (birth..death).contains(v)),
            Id::Version(_) => unreachable!("versions are not retired"),
        });
        versions.chain(garbage).collect()
    }

    fn apply(&mut self, call: Call) -> Result<(), TestCaseError> {
        match call {
            Call::Store => {
                let item = self.next();
                self.cell.store(item);
            }
            Call::Publish => {
                let item = self.next();
                prop_assert_eq!(self.writer.publish(item), self.current);
                self.written = self.current;
            }
            Call::Swap => {
                let item = self.next();
                let old = self.cell.swap(item);
                prop_assert_eq!(Guard::version(&old), self.current - 1);
                self.guards.push(old);
            }
            Call::Update => {
                let item = &mut Some(self.next());
                self.cell.update(|_| item.take().expect("runs once"));
            }
            Call::CompareExchange(which) => {
                if self.guards.is_empty() {
                    return Ok(());
                }
                let guard = &self.guards[which % self.guards.len()];
                let (expected, was_current) = (self.current + 1, self.current);
                let id = Id::Version(expected);
                match self.cell.compare_exchange(guard, Item::new(id, &self.living)) {
                    Ok(()) => {
                        prop_assert_eq!(Guard::version(guard), was_current);
                        self.current = expected;
                    }
                    Err(back) => {
                        prop_assert!(Guard::version(guard) < was_current);
                        prop_assert_eq!(back.id, id);
                    }
                }
            }
            Call::Retire(age) => {
                let (birth, death) = (self.written.saturating_sub(age), self.written);
                let id = Id::Garbage { birth, death, number: self.retired.len() };
                self.retired.push(id);
                self.writer.retire(birth, Item::new(id, &self.living));
            }
            Call::Read => self.guards.push(self.cell.read()),
            Call::ReadByHandle => self.guards.push(self.reader.read()),
            Call::Drop(which) => {
                if !self.guards.is_empty() {
                    drop(self.guards.swap_remove(which % self.guards.len()));
                }
            }
            Call::Cached => {
                prop_assert_eq!(self.reader.cached().id, Id::Version(self.current));
                self.cached = Some(self.current);
            }
            Call::Release => {
                self.reader.release();
                self.cached = None;
            }
            Call::NewReader => {
                self.reader = self.cell.reader();
                self.cached = None;
            }
            Call::Reclaim => {
                let before = self.living.lock().unwrap().len();
                let freed = self.cell.try_reclaim();
                prop_assert_eq!(before - freed, self.living.lock().unwrap().len());
                self.all_unreachable_is_gone()?;
            }
            Call::Synchronize => {
                // With anything of before in hand this thread would wait for itself.
                if self.held().iter().all(|held| *held == self.current) {
                    prop_assert_eq!(self.cell.synchronize(), Ok(()));
                    self.all_unreachable_is_gone()?;
                }
            }
        }
        Ok(())
    }

    fn all_unreachable_is_gone(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!(&*self.living.lock().unwrap(), &self.reachable());
        Ok(())
    }

    fn observe(&self) -> Result<(), TestCaseError> {
        let (living, reachable) = (self.living.lock().unwrap().clone(), self.reachable());
        prop_assert!(reachable.is_subset(&living), "{:?}", reachable.difference(&living));
        prop_assert_eq!(self.cell.pending() + 1, living.len());
        prop_assert_eq!(self.writer.version(), self.written);
        prop_assert_eq!(self.cell.read().id, Id::Version(self.current));
        for guard in &self.guards {
            prop_assert_eq!(guard.id, Id::Version(Guard::version(guard)));
        }
        if self.policy == Policy::Prompt {
            let versions = |ids: &HashSet<Id>| {
                ids.iter()
                    .filter(|id| matches!(id, Id::Version(_)))
                    .copied()
                    .collect::<HashSet<_>>()
            };
            prop_assert_eq!(versions(&living), versions(&reachable));
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn exactly_what_nobody_reaches_is_freed(policy in policies(), calls in calls()) {
        let living = Living::default();
        let cell = Rcu::with_policy(Item::new(Id::Version(0), &living), policy);
        let mut checked = Checked {
            cell: &cell,
            writer: cell.writer(),
            reader: cell.reader(),
            policy,
            living: living.clone(),
            guards: Vec::new(),
            cached: None,
            current: 0,
            written: 0,
            retired: Vec::new(),
        };
        for call in calls {
            checked.apply(call)?;
            checked.observe()?;
        }
        drop(checked);
        drop(cell);
        let left = living.lock().unwrap();
        prop_assert!(left.is_empty(), "{left:?}");
    }
}
