//! Packets are forwarded by a routing table (longest prefix match over IPv4) that is replaced under
//! the lookups: one thread adds routes, another moves all of them from uplink to uplink.
//!
//! `cargo run --example routing_table`

use std::net::Ipv4Addr;
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed};
use std::thread;

use untorn::rcu::{Guard, Rcu, Stuck};

const UPLINKS: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 1)];
static DONE: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Copy)]
struct Route {
    network: Ipv4Addr,
    length: u32,
    gateway: Ipv4Addr,
}

struct Table {
    /// Longest prefix first, so that the first match is the best. All have the same gateway.
    routes: Vec<Route>,
    /// One share for each table in memory.
    alive: Arc<()>,
}

impl Table {
    fn new(mut routes: Vec<Route>, alive: &Arc<()>) -> Self {
        routes.sort_by_key(|route| std::cmp::Reverse(route.length));
        Self { routes, alive: alive.clone() }
    }

    fn with(&self, network: Ipv4Addr) -> Self {
        let new = Route { network, length: 24, ..self.routes[0] };
        Self::new([&self.routes[..], &[new]].concat(), &self.alive)
    }

    fn via(&self, gateway: Ipv4Addr) -> Self {
        let moved = |&route: &Route| Route { gateway, ..route };
        Self::new(self.routes.iter().map(moved).collect(), &self.alive)
    }

    fn lookup(&self, address: Ipv4Addr) -> Route {
        let mask = |length| !Ipv4Addr::from_bits(u32::MAX.checked_shr(length).unwrap_or(0));
        let matches = |route: &&Route| address & mask(route.length) == route.network;
        *self.routes.iter().find(matches).expect("there is a default route")
    }

    fn forward(&self) {
        let there = self.lookup([10, 1, 2, 3].into());
        let back = self.lookup([203, 0, 113, 9].into());
        assert_eq!((there.length, back.length), (16, 0), "the longest prefix, and the default");
        assert_eq!(there.gateway, back.gateway, "two tables mixed");
    }
}

fn until_done(forward: impl FnMut()) -> usize {
    std::iter::repeat_with(forward).take_while(|()| !DONE.load(Relaxed)).count()
}

fn main() -> Result<(), Stuck> {
    let routes = [([0, 0, 0, 0], 0), ([10, 0, 0, 0], 8), ([10, 1, 0, 0], 16)]
        .map(|(network, length)| Route { network: network.into(), length, gateway: UPLINKS[0] });
    let table = &Rcu::new(Table::new(routes.into(), &Arc::new(())));

    thread::scope(|scope| {
        let mut reader = table.reader();
        let with_a_handle = scope.spawn(move || until_done(|| reader.cached().forward()));
        let without = scope.spawn(|| until_done(|| table.read().forward()));
        // Both update at the same time, and neither undoes what the other did.
        let add = |third| table.update(|old| old.with([10, 2, third, 0].into()));
        let adding = scope.spawn(move || (0..=255).for_each(add));
        (1..=100).for_each(|turn| table.update(|old| old.via(UPLINKS[turn % 2])));
        adding.join().expect("updates do not fail");
        DONE.store(true, Relaxed);
        let packets = [with_a_handle, without].map(|thread| thread.join().expect("not mixed"));
        println!("packets with a handle and without: {packets:?}");
    });

    let last = table.read();
    assert_eq!((Guard::version(&last), last.routes.len()), (256 + 100, 256 + 3));
    assert_eq!(last.lookup([10, 3, 0, 1].into()).gateway, UPLINKS[0]);
    table.synchronize()?; // frees all but the current one, which may be held
    assert_eq!((table.pending(), Arc::strong_count(&last.alive)), (0, 1));
    println!("356 tables replaced and freed, the last has {} routes", last.routes.len());
    Ok(())
}
