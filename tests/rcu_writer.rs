//! Rcu: the one writer, and what its versions share.
#![cfg(feature = "alloc")]

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use untorn::rcu::{Guard, Policy, Rcu, Writer};

mod support;
use support::rcu::{Canary, POLICIES};
use support::register::panics;
use support::{Alive, Value, rounds};

#[test]
fn one_writer_at_a_time() {
    let cell = Rcu::new(0);
    let writer = cell.writer();
    assert!(cell.try_writer().is_none());
    assert!(thread::scope(|scope| scope.spawn(|| cell.try_writer().is_none()).join().unwrap()));
    drop(writer);
    assert!(panics(|| {
        let _writer = cell.try_writer().expect("given back");
        panic!("with the right in hand");
    }));
    // Each takes its turn: to read and to publish needs no exchange while nobody else does.
    let count = rounds(5_000).max(5);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..count {
                    let mut writer = cell.writer();
                    let next = *cell.read() + 1;
                    writer.publish(next);
                }
            });
        }
    });
    assert_eq!(*cell.read(), 4 * count);
}

#[test]
fn the_writer_stamps_its_versions_while_others_store() {
    let cell = Rcu::with_policy((0, 0), Policy::Batch(4));
    let (done, count) = (AtomicBool::new(false), rounds(5_000).max(5));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut stored = 0;
            while !done.load(Relaxed) || stored == 0 {
                cell.store((0, 0));
                stored += 1;
            }
        });
        scope.spawn(|| {
            while !done.load(Relaxed) {
                let seen = cell.read();
                // The writer does not know the number before it has published.
                assert!(seen.0 <= Guard::version(&seen), "{seen:?}");
            }
        });
        let mut writer = cell.writer();
        for number in 1..=count {
            let before = writer.version();
            let version = writer.publish((before + 1, number));
            assert!(version > before);
            assert_eq!(writer.version(), version);
        }
        done.store(true, Relaxed);
    });
    assert!(Guard::version(&cell.read()) > count as u64);
    assert_eq!(cell.writer().version(), Guard::version(&cell.read()), "it begins with the current");
}

/// Garbage that version `birth` reached first and the current version does not reach.
fn retire(writer: &mut Writer<'_, u64>, birth: u64, alive: &'static Alive) {
    writer.retire(birth, Canary::new(birth, alive));
}

#[test]
fn garbage_waits_for_guards_of_the_versions_that_reach_it() {
    static ALIVE: Alive = Alive::new();
    let cell = Rcu::with_policy(0, Policy::Manual);
    let mut writer = cell.writer();
    let mut guards = Vec::new();
    for version in 1..=10 {
        guards.push(cell.read());
        assert_eq!(writer.publish(version), version);
    }
    // Of the lives [0, 10), [1, 10), ... one fewer guard is in the way each time.
    (0..10).for_each(|birth| retire(&mut writer, birth, &ALIVE));
    assert_eq!((cell.try_reclaim(), cell.pending()), (0, 20));
    while let Some(guard) = guards.pop() {
        let version = Guard::version(&guard);
        drop(guard);
        assert_eq!(cell.try_reclaim(), 2, "version {version}, and what was born with it");
        assert_eq!((ALIVE.count() as u64, cell.pending() as u64), (version, 2 * version));
    }

    // Nobody holds a version of these; the guard is of one before, and then of one after.
    let before = cell.read();
    for version in 11..=20 {
        writer.publish(version);
    }
    let after = cell.read();
    writer.publish(21);
    retire(&mut writer, 11, &ALIVE);
    assert_eq!((cell.try_reclaim(), ALIVE.count()), (9, 1), "version 20 is held and reaches it");
    drop(after);
    assert_eq!((cell.try_reclaim(), ALIVE.count()), (2, 0));
    // Born with the version that does without it, or later: no version reaches it.
    retire(&mut writer, 21, &ALIVE);
    retire(&mut writer, 100, &ALIVE);
    assert_eq!((cell.try_reclaim(), ALIVE.count()), (2, 0));
    assert_eq!((*before, cell.pending()), (10, 1));
}

#[test]
fn garbage_waits_for_the_youngest_guard_and_then_for_the_next() {
    static ALIVE: Alive = Alive::new();
    let cell = Rcu::with_policy(0, Policy::Manual);
    let mut writer = cell.writer();
    let mut guards: Vec<_> = (1..=6)
        .map(|version| {
            let guard = cell.read();
            writer.publish(version);
            guard
        })
        .collect();
    retire(&mut writer, 1, &ALIVE);
    for which in [5, 2, 3, 2, 0] {
        drop(guards.remove(which));
        cell.try_reclaim();
        assert_eq!(ALIVE.count(), 1, "version 1 is held");
    }
    assert_eq!(guards.iter().map(|guard| **guard).collect::<Vec<_>>(), [1]);
    guards.clear();
    assert_eq!((cell.try_reclaim(), ALIVE.count()), (2, 0));
}

#[test]
fn policies_free_garbage_with_the_values() {
    static ALIVE: Alive = Alive::new();
    for policy in [Policy::Prompt, Policy::Batch(1), Policy::Batch(16)] {
        let cell = Rcu::with_policy(0, policy);
        let mut writer = cell.writer();
        for version in 1..200 {
            writer.publish(version);
            retire(&mut writer, version - 1, &ALIVE);
            assert!(ALIVE.count() <= 17, "{policy:?}");
        }
        let reader = cell.read();
        writer.publish(200);
        retire(&mut writer, 199, &ALIVE);
        (201..300).for_each(|version| _ = writer.publish(version));
        let held = ALIVE.count();
        assert!((1..=17).contains(&held), "{policy:?}: {held}");
        drop((reader, writer));
        cell.synchronize().expect("no filter on system calls");
        assert_eq!((ALIVE.count(), cell.pending()), (0, 0), "{policy:?}");
    }
}

#[test]
fn garbage_goes_with_the_cell() {
    static ALIVE: Alive = Alive::new();
    for reclaims in [false, true] {
        let cell = Rcu::with_policy(0, Policy::Manual);
        let mut writer = cell.writer();
        for version in 1..=5 {
            std::mem::forget(cell.reader().read());
            writer.publish(version);
            retire(&mut writer, version - 1, &ALIVE);
            if reclaims {
                assert_eq!(cell.try_reclaim(), 0);
            }
        }
        drop(writer);
        assert_eq!(ALIVE.count(), 5);
        drop(cell);
        assert_eq!(ALIVE.count(), 0);
    }
}

#[test]
fn garbage_may_panic_and_come_back() {
    /// Uses the cell that it is freed by.
    struct Back {
        cell: &'static Rcu<u64>,
        _alive: Value<'static>,
    }
    impl Drop for Back {
        fn drop(&mut self) {
            let number = *self.cell.read();
            self.cell.store(number + 1);
            self.cell.try_reclaim();
        }
    }
    static ALIVE: Alive = Alive::new();
    static CELL: std::sync::OnceLock<Rcu<u64>> = std::sync::OnceLock::new();
    let cell = CELL.get_or_init(|| Rcu::with_policy(0, Policy::Manual));
    let mut writer = cell.writer();
    writer.publish(1);
    for _ in 0..3 {
        writer.retire(0, Back { cell, _alive: ALIVE.value() });
    }
    writer.retire(0, ALIVE.panicking_value());
    writer.retire(0, Back { cell, _alive: ALIVE.value() });
    assert!(panics(|| cell.try_reclaim()));
    assert_eq!((ALIVE.count(), *cell.read()), (0, 5));
    cell.try_reclaim();
    assert_eq!(cell.pending(), 0);
}

/// A node of a tree whose versions share all that did not change. A leaf has no children.
struct Node {
    canary: Canary<'static>,
    birth: u64,
    children: [*const Node; 2],
    /// The sum of all leaves below.
    sum: u64,
}

/// One image of the tree. The nodes belong to all of them.
struct Tree(*const Node);

// SAFETY: nodes do not change once they are published, and are freed when no image that is held
// reaches them: that is what is tested.
unsafe impl Send for Tree {}
// SAFETY: as above.
unsafe impl Sync for Tree {}

/// A node that no newer image reaches.
struct Unlinked(*const Node);

// SAFETY: owns its node and nothing of any thread.
unsafe impl Send for Unlinked {}

impl Drop for Unlinked {
    fn drop(&mut self) {
        // SAFETY: boxed by `node`, and retired once.
        drop(unsafe { Box::from_raw(self.0.cast_mut()) });
    }
}

const DEPTH: u32 = 5;
const LEAVES: u64 = 1 << DEPTH;
const NODES: usize = 2 * LEAVES as usize - 1;

static NODES_ALIVE: Alive = Alive::new();

fn node(birth: u64, children: [*const Node; 2], sum: u64) -> *const Node {
    let canary = Canary::new(sum, &NODES_ALIVE);
    Box::into_raw(Box::new(Node { canary, birth, children, sum }))
}

fn full(depth: u32) -> *const Node {
    match depth {
        0 => node(0, [std::ptr::null(); 2], 0),
        _ => node(0, [full(depth - 1), full(depth - 1)], 0),
    }
}

impl Tree {
    /// Adds to a leaf: copies the path to it, and says which nodes the copies stand for.
    fn add(&self, birth: u64, leaf: u64, more: u64) -> (Self, Vec<*const Node>) {
        fn copy(
            old: *const Node,
            depth: u32,
            (birth, leaf, more): (u64, u64, u64),
            replaced: &mut Vec<*const Node>,
        ) -> *const Node {
            replaced.push(old);
            // SAFETY: in the current image, which only the writer replaces, and that is who calls.
            let Node { mut children, sum, .. } = *unsafe { &*old };
            if depth > 0 {
                let child = &mut children[(leaf >> (depth - 1) & 1) as usize];
                *child = copy(*child, depth - 1, (birth, leaf, more), replaced);
            }
            node(birth, children, sum + more)
        }
        let mut replaced = Vec::new();
        let root = copy(self.0, DEPTH, (birth, leaf, more), &mut replaced);
        (Self(root), replaced)
    }

    /// Visits the whole image, checks all that can be checked, and returns the sum of its leaves.
    fn check(&self, nodes: &mut HashSet<*const Node>) -> u64 {
        fn visit(at: *const Node, nodes: &mut HashSet<*const Node>) -> u64 {
            nodes.insert(at);
            // SAFETY: as far as the cell keeps its word: the image is held.
            let node = unsafe { &*at };
            assert_eq!(node.canary.number(), node.sum);
            if !node.children[0].is_null() {
                let below: u64 = node.children.iter().map(|&child| visit(child, nodes)).sum();
                assert_eq!(below, node.sum, "a node and what it is the sum of");
            }
            node.sum
        }
        visit(self.0, nodes)
    }
}

/// Publishes the tree with one more, and retires what it replaced.
fn grow(cell: &Rcu<Tree>, writer: &mut Writer<'_, Tree>, leaf: u64) {
    let (tree, replaced) = cell.read().add(writer.version() + 1, leaf, 1);
    writer.publish(tree);
    for node in replaced {
        // SAFETY: in the image of before, which was not reclaimed: it reaches what is retired here.
        let birth = unsafe { (*node).birth };
        writer.retire(birth, Unlinked(node));
    }
}

/// Readers walk whole images while the writer unlinks their nodes, under every policy; and a reader
/// that stalls keeps its own image.
#[test]
fn readers_walk_a_tree_whose_nodes_come_and_go() {
    for policy in POLICIES {
        let cell = Rcu::with_policy(Tree(full(DEPTH)), policy);
        let (done, steps) = (AtomicBool::new(false), rounds(3_000).max(6) as u64);
        let mut writer = cell.writer();
        thread::scope(|scope| {
            for by_handle in [false, true] {
                let (cell, done) = (&cell, &done);
                scope.spawn(move || {
                    let mut reader = cell.reader();
                    let mut last = 0;
                    while !done.load(Relaxed) {
                        let seen = if by_handle {
                            reader.cached().check(&mut HashSet::new())
                        } else {
                            let guard = cell.read();
                            let sum = guard.check(&mut HashSet::new());
                            assert_eq!(sum, Guard::version(&guard));
                            sum
                        };
                        assert!(seen >= last, "back in time");
                        last = seen;
                    }
                });
            }
            for step in 0..steps {
                grow(&cell, &mut writer, step * 7 % LEAVES);
                if policy == Policy::Manual && step % 50 == 0 {
                    cell.try_reclaim();
                }
            }
            done.store(true, Relaxed);
        });
        cell.synchronize().expect("no filter on system calls");
        assert_eq!((NODES_ALIVE.count(), cell.pending()), (NODES, 0), "{policy:?}");

        let stalled = [cell.read(), cell.reader().read()];
        for step in 0..rounds(1_000).max(6) as u64 {
            grow(&cell, &mut writer, step * 5 % LEAVES);
        }
        let later = cell.read();
        for step in 0..rounds(500).max(6) as u64 {
            grow(&cell, &mut writer, step % 3);
        }
        cell.try_reclaim();
        let mut reachable = HashSet::new();
        for image in [&stalled[0], &stalled[1], &later, &cell.read()] {
            image.check(&mut reachable);
        }
        assert_eq!(NODES_ALIVE.count(), reachable.len(), "what held images reach, and no more");
        assert!(reachable.len() > NODES);
        drop((stalled, later));
        cell.try_reclaim();
        assert_eq!(NODES_ALIVE.count(), NODES);

        let mut last = HashSet::new();
        cell.read().check(&mut last);
        drop(writer);
        drop(cell);
        last.into_iter().for_each(|node| drop(Unlinked(node)));
        assert_eq!(NODES_ALIVE.count(), 0);
    }
}
